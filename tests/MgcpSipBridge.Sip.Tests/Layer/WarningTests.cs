namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>What a peer warns of when it refuses a call (RFC 3261 §20.43).</summary>
public sealed class WarningTests
{
    private readonly SipBench _bench = new();

    [Theory]
    [InlineData("Warning: 305 pbx \"Incompatible media format\"", 305, "Incompatible media format")]
    [InlineData("Warning: 370 192.0.2.9:5060 \"Insufficient bandwidth, \\\"sorry\\\"\", 399 pbx \"x\"", 370, "Insufficient bandwidth, \"sorry\"")]
    [InlineData("Warning: rubbish, 304 pbx \"Media type not available\"", 304, "Media type not available")]
    [InlineData("Warning: 399 pbx", 399, "")]
    public void It_is_told_with_the_refusal(string header, int code, string text)
    {
        var end = Refused(header);
        Assert.Equal(new SipWarning(code, text), end.Warning);
        Assert.Contains(new SipNote.Warned("pbx", 488, code), _bench.Notes);
    }

    [Theory]
    [InlineData("Server: x")]
    [InlineData("Warning: ")]
    [InlineData("Warning: 30 pbx \"short\"")]
    [InlineData("Warning: 200 pbx \"no warning\"")]
    [InlineData("Warning: 3x5 pbx \"no number\"")]
    public void What_is_none_is_none(string header)
    {
        Assert.Null(Refused(header).Warning);
        Assert.DoesNotContain(_bench.Notes, note => note is SipNote.Warned);
    }

    [Fact]
    public void A_peer_may_not_tell_novels() =>
        Assert.Equal(128, Refused($"Warning: 399 pbx \"{new string('x', 2000)}\"").Warning!.Text.Length);

    [Fact]
    public void No_text_ends_a_line() => Assert.Equal("a b", Refused("Warning: 399 pbx \"a\u0001 b\u007f\"").Warning!.Text);

    private SipEnd Refused(string header)
    {
        var (_, invite) = _bench.Call();
        _bench.Reply(invite, 488, extra: header);
        return _bench.Happens<SipEvent.Rejected>().End;
    }
}
