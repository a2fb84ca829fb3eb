namespace MgcpSipBridge.Interop;

/// <summary>Who calls: what a phone shows of a caller whom sipp describes, and how sipp is told who the line is.</summary>
public sealed class SippIdentityTests
{
    private readonly Exchange _exchange;

    public SippIdentityTests(Exchange exchange)
    {
        Sipp.Require();
        Bench.Require();
        _exchange = exchange;
    }

    /// <param name="kind">How the PBX is provisioned (<see cref="PbxKind"/>).</param>
    /// <param name="headers">What it says beside From, which is "Carol" 7000.</param>
    /// <param name="number">What the phone shows.</param>
    /// <param name="name">The name beside it.</param>
    [Theory]
    [InlineData("Plain", "", "7000", "Carol")]
    [InlineData("Plain", "P-Asserted-Identity: \"Dave\" <sip:7001@pbx>", "7001", "Dave")]
    [InlineData("Plain", "Remote-Party-ID: \"Erin\" <sip:7002@pbx>;party=calling;screen=yes;privacy=off", "7002", "Erin")]
    [InlineData("Asserted", "Remote-Party-ID: \"Erin\" <sip:7002@pbx>;party=calling|P-Asserted-Identity: \"Dave\" <sip:7001@pbx>, <tel:+4930123>", "7001", "Dave")]
    [InlineData("RemoteParty", "Remote-Party-ID: \"Erin\" <sip:7002@pbx>;party=calling|P-Asserted-Identity: \"Dave\" <sip:7001@pbx>", "7002", "Erin")]
    [InlineData("Plain", "P-Asserted-Identity: \"Dave\" <sip:7001@pbx>|Privacy: id", "P", "P")]
    [InlineData("Plain", "Remote-Party-ID: \"Erin\" <sip:7002@pbx>;party=calling;privacy=full", "P", "P")]
    [InlineData("Untrusted", "P-Asserted-Identity: \"Dave\" <sip:7001@pbx>", "7000", "Carol")]
    [InlineData("Plain", "Diversion: \"Frank\" <sip:7003@pbx>;reason=no-answer;counter=1", "7000", "Carol")]
    public async Task The_phone_shows_who_calls(string kind, string headers, string number, string name)
    {
        await using var line = await _exchange.Take(Enum.Parse<PbxKind>(kind));
        await using var sipp = line.IsCalledBy("caller-bye", ("headers", SippScenario.Escaped(headers)), ("from", SippIncomingTests.From("Carol", "7000")));
        await line.Until($"{number} {name} is shown", phone => phone.Sound == Simulator.PhoneSound.Ringing && phone.CallerId is { } shown && (shown.Number, shown.Name) == (number, name));
        await line.Lifts();
        await sipp.Succeeds();
        await line.Rests();
    }

    [Theory]
    [InlineData("Plain", "From:", "^ *.Phone [0-9]*. <sip:10", "<lacks header=\"P-Asserted-Identity:\" /><lacks header=\"Privacy:\" />")]
    [InlineData("Asserted", "P-Asserted-Identity:", "^ *.Phone [0-9]*. <sip:10", "<lacks header=\"Privacy:\" />")]
    [InlineData("RemoteParty", "Remote-Party-ID:", "^ *.Phone [0-9]*. <sip:10.*;party=calling.*privacy=off", "")]
    [InlineData("Withheld", "From:", "anonymous@anonymous.invalid", "<has header=\"Privacy:\" like=\"id\" /><has header=\"P-Asserted-Identity:\" like=\"sip:10\" /><lacks header=\"Contact:\" like=\"sip:10[0-9][0-9]@\" />")]
    public async Task The_PBX_is_told_who_calls(string kind, string header, string like, string more)
    {
        await using var line = await _exchange.Take(Enum.Parse<PbxKind>(kind));
        await using var sipp = await line.IsAnsweredBy("called-identity", ("header", header), ("like", SippScenario.Escaped(like)), ("more", more), ("answer", ""));
        await line.Dials(line.Outside);
        await sipp.Succeeds();
        await line.Rests();
    }
}
