using System.Collections.Immutable;
using MgcpSipBridge.Calls;

namespace MgcpSipBridge.Engine;

/// <content>Questions of the control API, and the calls that are kept for a while.</content>
public sealed partial class BridgeEngine
{
    private readonly Proposals _proposals = new();
    private readonly Queue<string> _keptOrder = new();
    private readonly Dictionary<string, ActiveCall> _kept = new(StringComparer.Ordinal);

    private object? Answer(EngineQuery question) => question switch
    {
        EngineQuery.Gateways some => Gateways(some),
        EngineQuery.OneGateway one => FindGateway(one.Name) is { } gateway ? ViewOf(gateway) : null,
        EngineQuery.Discovered => Discovered(),
        EngineQuery.Adopt adopt => _core.Mgcp.Adopt(adopt.Domain, adopt.Address, _core.Now),
        EngineQuery.Lines some => Lines(some),
        EngineQuery.OneLine one => _byNumber.TryGetValue(one.Number, out var line) ? ViewOf(line) : null,
        EngineQuery.Calls => _calls.Values.Where(call => call.Ended is null).OrderBy(call => call.Started).Select(call => call.View()).ToImmutableArray(),
        EngineQuery.Call call => FindAny(call.CallId)?.View(),
        EngineQuery.Ladder ladder => FindAny(ladder.CallId) is { } call ? new LadderView(call.View(), call.Ladder.Entries, call.Ladder.NotKept) : null,
        EngineQuery.Capture capture => FindAny(capture.CallId) is { } call ? new CaptureView(call.View(), call.Ladder.Messages, call.Ladder.NotKept) : null,
        EngineQuery.HangUp hangUp => HangUp(hangUp.CallId),
        EngineQuery.Hold hold => Hold(hold),
        EngineQuery.Transfer transfer => Transfer(transfer),
        EngineQuery.RouteOn route => RouteOn(route),
        EngineQuery.Originate originate => Originate(originate.Line, originate.Number),
        EngineQuery.TestRoute test => TestRoute(test),
        EngineQuery.Counts => Counts(),
        _ => null,
    };

    private ImmutableArray<DiscoveredView> Discovered() =>
        [.. _core.Mgcp.Discovered.Select(found => new DiscoveredView(found, _proposals.Of(found.Domain, found.Address)))];

    private EngineCounts Counts() => new(
        _calls.Values.Count(call => call.Ended is null),
        _calls.Values.Count(call => call.IsBorne),
        _core.Media.Count,
        _core.Sip.Counts,
        _core.Mgcp.PendingTransactions,
        _timers.Count + _retries.Count + _core.Routers.Count + _core.AudioTimers.Count + _core.PhoneDigits.Count);

    private ActiveCall? FindAny(string id)
    {
        if (ulong.TryParse(id, System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out var value)
            && Find(new CallId(value)) is { } live) return live;
        return _kept.GetValueOrDefault(id);
    }

    private void Keep(ActiveCall call)
    {
        var id = call.Name;
        call.Peer.Forget();
        call.Media.Forget();
        call.Forget();
        call.Ladder.Settle();
        _kept[id] = call;
        _keptOrder.Enqueue(id);
        while (_keptOrder.Count > _core.Settings.LaddersKept) _kept.Remove(_keptOrder.Dequeue());
    }
}
