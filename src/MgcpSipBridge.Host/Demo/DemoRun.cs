using System.Collections.Immutable;
using System.Globalization;
using MgcpSipBridge.Cli;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.Host.Demo;

/// <summary>
/// The demo's story: Alice calls Bob through the PBX, Bob calls Alice, Alice calls the PBX's announcement. Every step is waited for and
/// every voice listened to; one that does not come ends the demo with a complaint.
/// </summary>
internal sealed class DemoRun(DemoBridge bridge, TextWriter output)
{
    private const int AliceVoice = 400;
    private const int BobVoice = 1000;
    private const int AnnouncementVoice = 1600;
    // Half a second of 20 ms frames: a tone that lasts that long came through, not a stray packet.
    private const int FramesToBelieve = 25;
    // Each step takes a moment, but on a machine that has other things to do.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(80);
    private readonly SimulatedPhone _alice = bridge.Gateway.Phone("aaln/1");
    private readonly SimulatedPhone _bob = bridge.Gateway.Phone("aaln/2");
    private readonly List<string> _complaints = [];
    private string _step = "";

    /// <summary>Plays everything; true only if all of it worked.</summary>
    public async Task<bool> PlayAsync()
    {
        try
        {
            (_alice.Voice, _bob.Voice) = (AliceVoice, BobVoice);
            bridge.Pbx.When("600", CalledPlan.Answer(TimeSpan.FromMilliseconds(300)));
            bridge.Pbx.OnIncoming = (call, _) => call.Voice = AnnouncementVoice;
            Say("the gateway is switched on and sends RSIP; both lines register at the PBX");
            await bridge.Nodes.DoAsync(bridge.Gateway.PowerOn);
            await BridgeUntilAsync("both lines are in service and registered", bridge.IsAllReadyAsync);

            await CallBetweenAsync("Alice (1001)", _alice, "Bob (1002)", _bob, "1002", "1001", callerHangsUp: true);
            await CallBetweenAsync("Bob (1002)", _bob, "Alice (1001)", _alice, "1001", "1002", callerHangsUp: false);
            await AnnouncementAsync();

            await BridgeUntilAsync("nothing is left of the calls", async () => await bridge.CountsAsync() is { Calls: 0, Connections: 0, MediaSessions: 0, Sip.Dialogs: 0 });
            if (bridge.Gateway.ConnectionCount != 0) _complaints.Add($"the gateway still holds {bridge.Gateway.ConnectionCount} connections");
        }
        catch (TimeoutException)
        {
            _complaints.Add($"waited in vain until {_step}; Alice hears {_alice.Sound}, Bob hears {_bob.Sound}");
        }

        _complaints.AddRange(bridge.Gateway.Violations);
        _complaints.AddRange(bridge.Pbx.Violations);
        foreach (var complaint in _complaints) output.WriteLine("FAILED: " + complaint);
        output.WriteLine(_complaints.Count == 0 ? "All calls worked, and both sides heard each other." : "The demo failed.");
        return _complaints.Count == 0;
    }

    private async Task CallBetweenAsync(string callerName, SimulatedPhone caller, string calledName, SimulatedPhone called, string number, string callerNumber, bool callerHangsUp)
    {
        output.WriteLine();
        Say($"{callerName} lifts the handset");
        await bridge.Nodes.DoAsync(now =>
        {
            caller.HeardFrequencies.Clear();
            called.HeardFrequencies.Clear();
            caller.OffHook(now);
        });
        await UntilAsync($"{callerName} hears dial tone", () => caller.Sound == PhoneSound.DialTone);
        var known = await KnownCallsAsync();
        Say($"{callerName} hears dial tone and dials {number}");
        await bridge.Nodes.DoAsync(now => caller.Dial(number, Pace, now));
        await UntilAsync($"{calledName}'s phone rings", () => called.Sound == PhoneSound.Ringing);
        await UntilAsync($"{callerName} hears ringback", () => caller.Sound == PhoneSound.Ringback);
        await UntilAsync($"{calledName}'s display shows {callerNumber}", () => called.CallerId?.Number == callerNumber);
        Say($"{callerName} hears ringback; {calledName}'s phone rings and shows \"{called.CallerId!.Number}\" {called.CallerId.Name}; {calledName} answers");
        await bridge.Nodes.DoAsync(called.OffHook);
        await UntilAsync("both have heard each other", () => Heard(caller, called.Voice) && Heard(called, caller.Voice));
        known = [.. (await KnownCallsAsync()).Union(known)];

        var (first, second) = callerHangsUp ? (caller, called) : (called, caller);
        Say($"{(callerHangsUp ? callerName : calledName)} hangs up first");
        await bridge.Nodes.DoAsync(first.OnHook);
        await UntilAsync("the other's connection is gone", () => second.Connections.Count == 0);
        await bridge.Nodes.DoAsync(second.OnHook);
        await BridgeUntilAsync("both lines are idle", bridge.IsAllReadyAsync);
        await PrintLaddersAsync(known);
        PrintHeard(callerName, caller, called.Voice);
        PrintHeard(calledName, called, caller.Voice);
    }

    private async Task AnnouncementAsync()
    {
        output.WriteLine();
        Say("Alice (1001) calls the announcement of the PBX: 600");
        await bridge.Nodes.DoAsync(now =>
        {
            _alice.HeardFrequencies.Clear();
            _alice.OffHook(now);
        });
        await UntilAsync("Alice hears dial tone", () => _alice.Sound == PhoneSound.DialTone);
        await bridge.Nodes.DoAsync(now => _alice.Dial("600", Pace, now));
        PeerCall? answered = null;
        await UntilAsync("Alice and the announcement have heard each other",
            () => (answered = bridge.Pbx.Calls.FirstOrDefault(c => c.CalledNumber == "600")) is not null
                && answered.HeardFrequencies.GetValueOrDefault(AliceVoice) >= FramesToBelieve && Heard(_alice, AnnouncementVoice));
        var known = await KnownCallsAsync();
        Say("the announcement hangs up");
        await bridge.Nodes.DoAsync(answered!.HangUp);
        await UntilAsync("Alice's connection is gone", () => _alice.Connections.Count == 0);
        await bridge.Nodes.DoAsync(_alice.OnHook);
        await BridgeUntilAsync("both lines are idle", bridge.IsAllReadyAsync);
        await PrintLaddersAsync(known);
        PrintHeard("Alice (1001)", _alice, AnnouncementVoice);
        PrintHeard("the announcement", answered.HeardFrequencies, AliceVoice);
    }

    private static bool Heard(SimulatedPhone phone, int voice) => phone.HeardFrequencies.GetValueOrDefault(voice) >= FramesToBelieve;

    private async Task<ImmutableArray<string>> KnownCallsAsync() =>
        [.. ((ImmutableArray<CallView>)(await bridge.Server.Queries.AskAsync(new EngineQuery.Calls(), default))!).Select(c => c.CallId)];

    private async Task PrintLaddersAsync(ImmutableArray<string> calls)
    {
        foreach (var call in calls)
            if (await bridge.Server.Queries.AskAsync(new EngineQuery.Ladder(call), default) is LadderView ladder)
            {
                output.WriteLine();
                output.WriteLine(ladder.Call.FromLine ? $"Call {call}: line {ladder.Call.Line} calls {ladder.Call.Called}" : $"Call {call}: line {ladder.Call.Line} is called by {ladder.Call.Caller}");
                output.Write(LadderDrawing.Draw(ladder.ToMessage(bridge.Server.State.Clock)));
            }
    }

    private void PrintHeard(string who, SimulatedPhone phone, int expected) => PrintHeard(who, phone.HeardFrequencies, expected);

    private void PrintHeard(string who, Dictionary<int, int> heard, int expected)
    {
        var tones = heard.Where(h => h.Key != 0).OrderByDescending(h => h.Value).Select(h => string.Create(CultureInfo.InvariantCulture, $"{h.Key} Hz for {h.Value * 0.02:0.00} s"));
        output.WriteLine($"{who} heard {string.Join(", ", tones)} (expected {expected} Hz)");
        var strangers = heard.Where(h => h.Key != 0 && h.Key != expected && h.Value > 2).Select(h => h.Key).ToList();
        if (strangers.Count > 0) _complaints.Add($"{who} heard tones that nobody spoke: {string.Join(", ", strangers)} Hz");
    }

    private async Task UntilAsync(string what, Func<bool> holds)
    {
        _step = what;
        await bridge.Nodes.UntilAsync(holds, Patience);
    }

    private async Task BridgeUntilAsync(string what, Func<Task<bool>> holds)
    {
        _step = what;
        using var timeout = new CancellationTokenSource(Patience);
        while (!await holds())
        {
            if (timeout.IsCancellationRequested) throw new TimeoutException();
            await Task.Delay(10);
        }
    }

    private void Say(string what) => output.WriteLine("* " + what);
}
