using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Media.Tests.Programs.ProgramBed;

namespace MgcpSipBridge.Media.Tests.Programs;

/// <summary>Whatever is put between what an end says, the clock of the stream stays the wall clock: a receiver plays by timestamps, and would be late for the rest of the call.</summary>
public sealed class ClockTests
{
    private const int Speech = 20; // ms a packet

    [Theory]
    [InlineData(DtmfForm.Events, 0, 0)]
    [InlineData(DtmfForm.InBand, 0, 0)]
    [InlineData(DtmfForm.Events, 8, 0)]
    [InlineData(DtmfForm.InBand, 8, 0)]
    [InlineData(DtmfForm.Events, 0, 60)]
    [InlineData(DtmfForm.InBand, 0, 60)]
    [InlineData(DtmfForm.Events, 0, 130)]
    [InlineData(DtmfForm.InBand, 0, 130)]
    [InlineData(DtmfForm.Events, 0, 200)]
    [InlineData(DtmfForm.InBand, 8, 200)]
    public void A_hundred_digits_put_the_clock_ahead_by_no_more_than_two_packets(DtmfForm to, int jitter, int stall)
    {
        var chance = new Entropy(5);
        var bed = Of(Form(DtmfForm.OutOfBand, Speech, RtpFormat.Pcmu), Form(to, Speech, RtpFormat.Pcmu, Events96));
        var start = bed.Now;
        var (digits, nextDigit) = (0, 500);
        for (var at = 0; at < 60_000; at += Speech)
        {
            var arrives = at + (jitter == 0 ? 0 : chance.Next(jitter)) + Stalled(at);
            if (digits < 100 && nextDigit < arrives)
            {
                Until(nextDigit);
                bed.Do(new RelayCommand.SendDigit(new(7), RelaySide.Sip, '5', TimeSpan.FromMilliseconds(60)));
                digits++;
                nextDigit += 480 + chance.Next(40);
            }

            Until(arrives);
            bed.Rtp(RelaySide.Gateway, new(0, (ushort)(at / Speech), (uint)(8 * at), 7, false), new byte[8 * Speech]);
        }

        Assert.Equal(100, digits);
        var heard = bed.ByPbx.Where(h => h.Header.PayloadType == 0).ToList();
        var first = heard[0];
        var ahead = heard.Select(h => ((int)(h.Header.Timestamp - first.Header.Timestamp) / 8.0) - (h.At - first.At).TotalMilliseconds).ToList();
        Assert.InRange(ahead[^1], -jitter, (2 * Speech) + jitter);
        Assert.InRange(ahead.Max(), -jitter, (2 * Speech) + jitter);
        Assert.True(ahead.Min() >= -jitter - stall, $"{ahead.Min()} ms");

        // Each second but the first the sender pauses, and then sends what is due at once.
        int Stalled(int at) => at < 1000 ? 0 : Math.Max(0, stall - (at % 1000));

        void Until(int milliseconds) => bed.Pass(start + TimeSpan.FromMilliseconds(milliseconds) - bed.Now);
    }
}
