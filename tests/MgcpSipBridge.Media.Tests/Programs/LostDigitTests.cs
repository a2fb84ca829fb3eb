using static MgcpSipBridge.Media.Tests.Programs.ProgramBed;

namespace MgcpSipBridge.Media.Tests.Programs;

/// <summary>A digit that an end does not hear is told, whatever the reason; one that it hears is not.</summary>
public sealed class LostDigitTests
{
    private static readonly RtpFormat G729 = new(18, "G729", 8000);

    [Theory]
    [InlineData(DtmfForm.Events)]
    [InlineData(DtmfForm.InBand)]
    public void What_a_full_queue_refuses_is_told_once_each(DtmfForm to)
    {
        var bed = Of(Form(DtmfForm.OutOfBand, 20, RtpFormat.Pcmu), Form(to, 20, RtpFormat.Pcmu, Events96));
        for (var i = 0; i < 70; i++) Send(bed, DtmfDigit.All[i % 10]);
        bed.Pass(30_000);
        var heard = to == DtmfForm.Events ? DigitTests.EventsIn(bed.ByPbx, 96) : DigitTests.TonesIn(bed.ByPbx);
        Assert.Equal(string.Concat(Enumerable.Range(0, 64).Select(i => DtmfDigit.All[i % 10])), heard);
        Assert.Equal([.. Enumerable.Repeat(RelaySide.Sip, 6)], Lost(bed));
    }

    [Fact]
    public void What_is_pressed_while_the_queue_is_full_is_told_too()
    {
        // Events that would pass as they are: they come behind what we send ourselves, and there is no room.
        var bed = Of(Form(DtmfForm.Unchanged, 20, RtpFormat.Pcmu, RtpFormat.TelephoneEvent), Form(DtmfForm.Unchanged, 20, RtpFormat.Pcmu, Events96));
        for (var i = 0; i < 64; i++) Send(bed, '1');
        bed.Pass(20);
        Send(bed, '1');
        Assert.Empty(Lost(bed));
        new Talker(bed, RelaySide.Gateway).Press('7', 60, 101);
        bed.Pass(30_000);
        Assert.Equal(new string('1', 65), DigitTests.EventsIn(bed.ByPbx, 96));
        Assert.Equal([RelaySide.Sip], Lost(bed));
    }

    [Fact]
    public void What_an_end_takes_in_no_form_is_told()
    {
        var bed = Of(Form(DtmfForm.OutOfBand, 20, RtpFormat.Pcmu), Form(DtmfForm.InBand, 20, G729));
        Send(bed, '1');
        Assert.Equal([RelaySide.Sip], Lost(bed));
        Assert.Empty(bed.ByPbx);
    }

    [Theory]
    [InlineData(DtmfForm.Events, DtmfForm.InBand)]
    [InlineData(DtmfForm.InBand, DtmfForm.Events)]
    public void What_waits_goes_on_in_another_form_when_the_end_wants_that(DtmfForm before, DtmfForm after)
    {
        var phone = Form(DtmfForm.OutOfBand, 20, RtpFormat.Pcmu);
        var bed = Of(phone, Form(before, 20, RtpFormat.Pcmu, Events96));
        foreach (var digit in "12345") Send(bed, digit);
        bed.Pass(250);
        bed.Name(phone, Form(after, 20, RtpFormat.Pcmu, Events96));
        bed.Pass(2000);
        var (events, tones) = (DigitTests.EventsIn(bed.ByPbx, 96), DigitTests.TonesIn(bed.ByPbx));
        Assert.Equal("12345", before == DtmfForm.Events ? events + tones : tones + events);
        Assert.Empty(Lost(bed));
    }

    [Fact]
    public void What_waits_is_told_when_the_end_takes_no_digits_any_more()
    {
        var phone = Form(DtmfForm.OutOfBand, 20, RtpFormat.Pcmu);
        var bed = Of(phone, Form(DtmfForm.InBand, 20, RtpFormat.Pcmu));
        foreach (var digit in "12345") Send(bed, digit);
        bed.Pass(50);
        bed.Name(phone, Form(DtmfForm.InBand, 20, G729));
        bed.Pass(2000);
        Assert.Equal(4, Lost(bed).Length);
        Assert.All(bed.ByPbx, h => Assert.Equal(0, h.Header.PayloadType));
    }

    private static void Send(ProgramBed bed, char digit) => bed.Do(new RelayCommand.SendDigit(new(7), RelaySide.Sip, digit, TimeSpan.FromMilliseconds(100), IsTold: true));

    private static RelaySide[] Lost(ProgramBed bed) => [.. bed.Events.OfType<RelayEvent.DigitLost>().Select(lost => lost.Towards)];
}
