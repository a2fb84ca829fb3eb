using System.Diagnostics;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip.Tests.Messages;

namespace MgcpSipBridge.Sip.Tests.Wire;

/// <summary>Bytes are gated, they do not vary; nanoseconds are only reported.</summary>
public sealed class WireCost(ITestOutputHelper output)
{
    private static readonly NetAddress Source = NetAddress.FromIPv4(0xC0000209, 5060);
    private readonly SipWriter _writer = new();

    [Fact]
    public void Reading_a_1_KB_INVITE_allocates_little_more_than_its_bytes()
    {
        var bytes = BytesOf(() => SipMessage.TryParse(SampleInvite.Bytes, SipLimits.Default, out _));
        output.WriteLine($"parse {SampleInvite.Bytes.Length} bytes: {bytes} bytes, {NanosecondsOf(() => SipMessage.TryParse(SampleInvite.Bytes, SipLimits.Default, out _)):0} ns");
        Assert.InRange(bytes, 1, SampleInvite.Bytes.Length + 300);
    }

    [Fact]
    public void Looking_into_a_message_allocates_nothing()
    {
        var invite = SampleInvite.Read();
        Assert.Equal(0, BytesOf(() =>
        {
            var sum = invite.TopVia.Branch.Length + invite.From.Uri.Length + invite.To.Tag.Length + invite.CallId.Length + (invite.MaxForwards ?? 0);
            foreach (var value in invite.Values(SipHeader.Via)) sum += value.Length;
            if (invite.Lists(SipHeader.Supported, "timer"u8)) sum++;
            if (SipUri.TryParse(invite.RequestUri, out var uri)) sum += uri.Host.Length;
            return sum;
        }));
    }

    [Fact]
    public void Reading_and_writing_an_INVITE_stays_under_2_KB()
    {
        var invite = SampleInvite.Read();
        var copy = BytesOf(() => WriteInvite(invite));
        output.WriteLine($"write INVITE: {copy} bytes, {NanosecondsOf(() => WriteInvite(invite)):0} ns");
        output.WriteLine($"write 180: {BytesOf(() => WriteRinging(invite))} bytes, {NanosecondsOf(() => WriteRinging(invite)):0} ns");
        output.WriteLine($"parse and write INVITE: {NanosecondsOf(() => SipMessage.TryParse(SampleInvite.Bytes, SipLimits.Default, out var read) == SipParseError.None ? WriteInvite(read!) : 0):0} ns");
        Assert.InRange(BytesOf(() => SipMessage.TryParse(SampleInvite.Bytes, SipLimits.Default, out var read) == SipParseError.None ? WriteInvite(read!) : 0), 1, 2048);
        SipMessage.TryParse(_writer.Written, SipLimits.Default, out var again);
        Assert.Equal(invite.Body.ToArray(), again!.Body.ToArray());
    }

    private int WriteInvite(SipMessage invite)
    {
        _writer.BeginRequest(SipMethod.Invite, invite.RequestUri);
        _writer.Copy(invite, SipHeader.Via);
        _writer.Copy(invite, SipHeader.RecordRoute);
        _writer.Copy(invite, SipHeader.From);
        _writer.Copy(invite, SipHeader.To);
        _writer.Copy(invite, SipHeader.Contact);
        _writer.Header(SipHeader.CallId, invite.CallId);
        _writer.CSeq(invite.CSeqNumber, SipMethod.Invite);
        _writer.Copy(invite, SipHeader.UserAgent);
        _writer.Copy(invite, SipHeader.Allow);
        _writer.Copy(invite, SipHeader.Supported);
        _writer.Copy(invite, SipHeader.PAssertedIdentity);
        _writer.Body("application/sdp", invite.Body.Span);
        return _writer.Length;
    }

    private int WriteRinging(SipMessage invite)
    {
        _writer.BeginResponse(invite, Source, 180, "0123456789abcdef");
        _writer.Copy(invite, SipHeader.RecordRoute);
        _writer.Header(SipHeader.Contact, "<sip:203.0.113.5:5060>");
        _writer.End();
        return _writer.Length;
    }

    private static long BytesOf<T>(Func<T> act)
    {
        for (var i = 0; i < 100; i++) act();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) act();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / 100;
    }

    private static double NanosecondsOf<T>(Func<T> act)
    {
        const int Rounds = 2_000;
        for (var i = 0; i < Rounds; i++) act();
        var best = double.MaxValue;
        for (var k = 0; k < 5; k++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < Rounds; i++) act();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / Rounds);
        }

        return best;
    }
}
