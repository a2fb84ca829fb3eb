using System.Net;
using System.Net.Sockets;

namespace MgcpSipBridge.Interop;

/// <summary>What takes a minute by the RFCs' own timers: sessions that are refreshed or not, answers that nobody acknowledges, PBXs that say nothing. All at once.</summary>
public sealed class SippPatienceTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private readonly Exchange _exchange;

    public SippPatienceTests(Exchange exchange)
    {
        Sipp.Require();
        Bench.Require();
        _exchange = exchange;
    }

    [Fact]
    public async Task Timers_of_the_RFCs_run_to_their_ends() => await Task.WhenAll(
        Called("called-refresher"),
        Called("called-refresher-invite"),
        Calls("caller-forgets"),
        Calls("caller-is-refreshed"),
        Calls("caller-never-acks"),
        A_PBX_that_says_nothing_is_passed_over());

    private async Task Called(string scenario)
    {
        await using var line = await _exchange.Take();
        await using var sipp = await Sipp.Answer(scenario, line.Pbx, limit: Limit);
        await line.Calls(line.Outside);
        await sipp.Succeeds();
        await line.Rests();
    }

    private async Task Calls(string scenario)
    {
        await using var line = await _exchange.Take();
        await using var sipp = Sipp.Call(scenario, line.Pbx, line.Number, _exchange.Bridge.SipUdp, limit: Limit);
        await line.Lifts();
        await sipp.Succeeds();
        await line.Until("the call is over", phone => !phone.IsTalking);
        await line.Rests();
    }

    private async Task A_PBX_that_says_nothing_is_passed_over()
    {
        await using var line = await _exchange.Take();
        using var mute = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        mute.Bind(new IPEndPoint(line.Pbx.Address, Sipp.Port));
        await using var other = await Sipp.Answer("called-answer", line.Other, limit: Limit);
        await line.Dials(line.FailsOver);
        // Timer B is 64*T1, 32 s.
        await line.Until("talking", phone => phone.IsTalking, Limit);
        await line.HangsUp();
        await other.Succeeds();
        await line.Rests();
    }
}
