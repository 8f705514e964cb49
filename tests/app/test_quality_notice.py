"""What the quality notice says before anything else."""

from streamlit.testing.v1 import AppTest

from physioclr.signal.quality import LeadQuality, Quality


def shown(suspected):
    """Run the notice for a clean record, with or without suspected reversal."""

    def page(quality):
        from app.components.quality_notice import show_quality

        show_quality(quality)

    reasons = [] if suspected is None else [f"limb lead reversal suspected, {suspected}"]
    quality = Quality({"I": LeadQuality(1.0, None)}, 1.0, True, reasons, suspected)
    return AppTest.from_function(page, args=(quality,)).run()


def test_a_clean_record_is_good_news():
    app = shown(None)
    assert "acceptable, all 1 leads clean" in app.success[0].value
    assert not app.warning


def test_suspected_reversal_is_a_warning_though_the_signal_is_acceptable():
    app = shown("left arm and right arm")
    assert not app.success
    assert "Limb lead reversal suspected, left arm and right arm." in app.warning[0].value
