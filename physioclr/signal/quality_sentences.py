"""What is wrong with a lead, in sentences a clinician can check against the paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from physioclr.signal.mains_hum import MainsHum

__all__ = ["describe_fault", "describe_hum"]

_NO_HEARTBEAT_BELOW = 0.4
_NO_AGREEMENT_BELOW = 0.5
Values = Mapping[str, float]


def describe_fault(kind: str, values: Values) -> tuple[str, str]:
    """Say what one fault of a lead is.

    Parameters
    ----------
    kind : str
        One of `FAULT_KINDS`.
    values : mapping of str to float
        The lead's statistics, by the fields of `LeadStatistics`.

    Returns
    -------
    kind : str
        `kind`, or ``"disconnected"`` where the lead shows no heartbeat.
    words : str
        What follows after "lead V6".
    """
    if kind == "unsteady_beats":
        return _describe_beats(values)
    return kind, _WORDS[kind](values)


def describe_hum(hum: MainsHum, leads: Sequence[str]) -> str:
    """Say what hum was subtracted.

    Parameters
    ----------
    hum : MainsHum
    leads : sequence of str

    Returns
    -------
    str
        One sentence.
    """
    amplitudes_mv = hum.amplitude_mv
    strongest = int(amplitudes_mv.argmax())
    others = int((amplitudes_mv >= 0.1 * amplitudes_mv[strongest]).sum()) - 1
    where = f"lead {leads[strongest]}"
    if others:
        where += f" and {others} other{'s' * (others > 1)}"
    return (
        f"powerline interference in {where} ({amplitudes_mv[strongest]:.2f} mV at "
        f"{hum.frequency_hz:.1f} Hz) is subtracted before measuring"
    )


def _describe_beats(values: Values) -> tuple[str, str]:
    alike, agreement = values["beat_correlation"], values["agreement"]
    if not alike >= _NO_HEARTBEAT_BELOW and not agreement >= _NO_AGREEMENT_BELOW:
        if agreement < _NO_AGREEMENT_BELOW:
            return "disconnected", (
                "shows no heartbeat where the other leads do "
                f"(agreement {agreement:.2f}; its electrode may be off)"
            )
        return "disconnected", "shows no heartbeat (its electrode may be off)"
    if alike < 0.9:
        return "unsteady_beats", f"has beats unlike one another (mean correlation {alike:.2f})"
    if agreement < 0.9:
        return "unsteady_beats", (
            "agrees only in part with the other leads on where the QRS complexes are (agreement "
            f"{agreement:.2f})"
        )
    return "unsteady_beats", (
        "has QRS complexes that hardly stand out from the rest (kurtosis "
        f"{values['peakedness']:.1f}, usually above 6)"
    )


def _noise(values: Values) -> str:
    usual, burst = values["noise_mv"], values["noise_burst_mv"]
    if burst > 3 * usual:
        return f"has bursts of muscle or other high-frequency noise ({burst:.2f} mV)"
    return f"has muscle or other high-frequency noise ({usual:.3f} mV)"


_WORDS: dict[str, Callable[[Values], str]] = {
    "missing": lambda of: (
        f"has no samples in {100 * of['missing_share']:.{0 if of['missing_share'] > 0.01 else 2}f}"
        " % of the record"
    ),
    "flat": lambda of: f"does not change in {100 * of['flat_share']:.0f} % of the record",
    "saturated": lambda of: (
        f"stays at its highest or lowest value in {100 * of['saturated_share']:.0f} % of the "
        "record, as a saturated amplifier does"
    ),
    "clipped": lambda of: f"is clipped in {100 * of['clipped_share']:.0f} % of the record",
    "too_small": lambda of: (
        f"is implausibly small ({of['amplitude_mv']:.2f} mV peak to peak)"
        if of["amplitude_mv"] < 0.1
        else f"is small ({of['amplitude_mv']:.2f} mV peak to peak)"
    ),
    "too_large": lambda of: f"is implausibly large ({of['peak_mv']:.1f} mV peak to peak)",
    "jumps": lambda of: (
        f"has a jump or spike of {of['peak_mv']:.1f} mV, {of['jump_ratio']:.1f} times its usual "
        "peak to peak"
    ),
    "baseline_wander": lambda of: (
        f"has baseline wander ({of['wander_mv']:.1f} mV peak to peak below 0.5 Hz)"
    ),
    "powerline": lambda of: (
        f"has powerline interference ({of['powerline_mv']:.2f} mV) that changes too fast to be "
        "subtracted"
    ),
    "muscle_noise": _noise,
}
