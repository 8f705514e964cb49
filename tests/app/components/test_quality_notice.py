"""What the quality notice says before anything else."""

from streamlit.testing.v1 import AppTest

from physioclr.leads import STANDARD_LEADS
from physioclr.signal.quality import LeadQuality, Quality


def notice(quality):
    """Run the notice of a page that shows one ECG."""

    def page(quality):
        from app.components.quality_notice import show_quality

        show_quality(quality)

    return AppTest.from_function(page, args=(quality,)).run()


def brief_notice(quality):
    """Run the notice of a page that shows several."""

    def page(quality):
        from app.components.quality_notice import show_quality_briefly

        show_quality_briefly(quality, of="the later ECG")

    return AppTest.from_function(page, args=(quality,)).run()


def clean(suspected=None):
    """A clean record, with or without suspected reversal."""
    reasons = [] if suspected is None else [f"limb lead reversal suspected, {suspected}"]
    return Quality({"I": LeadQuality(1.0, None)}, 1.0, True, reasons, suspected)


def all_flat():
    """A record of which each lead has its own reason."""
    leads = {lead: LeadQuality(0.0, f"lead {lead} is flat") for lead in STANDARD_LEADS}
    reasons = [of_lead.reason for of_lead in leads.values()]
    return Quality(leads, 0.0, False, reasons, None)


def shown(suspected):
    return notice(clean(suspected))


def html_of(app):
    return "".join(element.proto.body for element in app.get("html"))


def test_a_clean_record_is_good_news():
    app = shown(None)
    assert "acceptable, all 1 leads clean" in app.success[0].value
    assert not app.warning


def test_suspected_reversal_is_a_warning_though_the_signal_is_acceptable():
    app = shown("left arm and right arm")
    assert not app.success
    assert "Limb lead reversal suspected, left arm and right arm." in app.warning[0].value


def test_every_reason_is_text_that_can_be_opened_and_none_a_title():
    for app in (notice(all_flat()), brief_notice(all_flat())):
        text = html_of(app)
        for lead in STANDARD_LEADS:
            assert f"<li>Lead {lead} is flat.</li>" in text
        assert "<details" in text
        assert "title=" not in text
        assert "And 9 more." in app.warning[0].value


def test_nothing_opens_where_the_verdict_says_it_all():
    assert "<details" not in html_of(notice(clean("left arm and right arm")))


def test_one_of_several_ecgs_is_said_in_a_line_unless_something_is_wrong():
    good = brief_notice(clean())
    assert "of the later ECG\\: acceptable, all 1 leads clean" in good.caption[0].value
    assert not good.warning
    reversed_leads = brief_notice(clean("left arm and right arm"))
    assert "of the later ECG" in reversed_leads.warning[0].value
    assert "left arm and right arm" in reversed_leads.warning[0].value
