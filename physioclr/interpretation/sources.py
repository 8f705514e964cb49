"""The publications the criteria are taken from."""

from __future__ import annotations

__all__ = [
    "ADLER",
    "BAYES_BRUGADA",
    "BOLLMANN",
    "CASALE",
    "HANCOCK",
    "HINDRICKS",
    "KLIGFIELD",
    "KUSUMOTO",
    "MACFARLANE",
    "MASON",
    "MOLLOY",
    "MORRIS",
    "PAGE",
    "PEGUERO",
    "PRIORI",
    "RAUTAHARJU",
    "SGARBOSSA",
    "SMITH",
    "SOKOLOW",
    "SURAWICZ",
    "THYGESEN",
    "VERECKEI",
    "WAGNER",
]

SURAWICZ = "Surawicz et al. 2009, AHA/ACCF/HRS part III, Circulation 119:e235"
RAUTAHARJU = "Rautaharju et al. 2009, AHA/ACCF/HRS part IV, Circulation 119:e241"
HANCOCK = "Hancock et al. 2009, AHA/ACCF/HRS part V, Circulation 119:e251"
WAGNER = "Wagner et al. 2009, AHA/ACCF/HRS part VI, Circulation 119:e262"
THYGESEN = "Thygesen et al. 2018, Fourth Universal Definition of MI, Circulation 138:e618"
KUSUMOTO = "Kusumoto et al. 2019, ACC/AHA/HRS bradycardia guideline, Circulation 140:e382"
PAGE = "Page et al. 2016, ACC/AHA/HRS supraventricular tachycardia guideline, Circulation 133:e506"
HINDRICKS = "Hindricks et al. 2021, ESC atrial fibrillation guideline, Eur Heart J 42:373"
PRIORI = "Priori et al. 2015, ESC guideline on sudden cardiac death, Eur Heart J 36:2793"
SOKOLOW = "Sokolow and Lyon 1949, Am Heart J 37:161"
CASALE = "Casale et al. 1985, Cornell voltage, J Am Coll Cardiol 6:572"
MOLLOY = "Molloy et al. 1992, Cornell product, J Am Coll Cardiol 20:1180"
PEGUERO = "Peguero et al. 2017, J Am Coll Cardiol 69:1694"
MORRIS = "Morris et al. 1964, P terminal force, Circulation 29:242"
SGARBOSSA = "Sgarbossa et al. 1996, N Engl J Med 334:481"
SMITH = "Smith et al. 2012, Ann Emerg Med 60:766"
VERECKEI = "Vereckei et al. 2008, Heart Rhythm 5:89"
MACFARLANE = "Macfarlane et al. 2015, consensus on early repolarization, J Am Coll Cardiol 66:470"
BAYES_BRUGADA = "Bayés de Luna et al. 2012, consensus on Brugada patterns, J Electrocardiol 45:433"
ADLER = "Adler et al. 2015, ESC pericardial disease guideline, Eur Heart J 36:2921"
BOLLMANN = "Bollmann et al. 2006, Europace 8:911"
MASON = "Mason et al. 2007, AHA/ACC/HRS part II, Circulation 115:1325"
KLIGFIELD = "Kligfield et al. 2007, AHA/ACC/HRS part I, Circulation 115:1306"
