using System.Collections.Immutable;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine;

/// <content>Questions of the control API, and the calls that are kept for a while.</content>
public sealed partial class BridgeEngine
{
    private readonly Proposals _proposals = new();
    private readonly Queue<string> _keptOrder = new();
    private readonly Dictionary<string, ActiveCall> _kept = new(StringComparer.Ordinal);

    private object? Answer(EngineQuery question) => question switch
    {
        EngineQuery.Gateways => Gateways(),
        EngineQuery.Discovered => Discovered(),
        EngineQuery.Adopt adopt => _core.Mgcp.Adopt(adopt.Domain, adopt.Address, _core.Now),
        EngineQuery.Lines => Lines(),
        EngineQuery.Calls => _calls.Values.Where(call => call.Ended is null).OrderBy(call => call.Started).Select(call => call.View()).ToImmutableArray(),
        EngineQuery.Call call => FindAny(call.CallId)?.View(),
        EngineQuery.Ladder ladder => FindAny(ladder.CallId) is { } call ? new LadderView(call.View(), call.Ladder.Entries, call.Ladder.NotKept) : null,
        EngineQuery.Capture capture => FindAny(capture.CallId) is { } call ? new CaptureView(call.View(), call.Ladder.Messages, call.Ladder.NotKept) : null,
        EngineQuery.HangUp hangUp => HangUp(hangUp.CallId),
        EngineQuery.Hold hold => Hold(hold),
        EngineQuery.Transfer transfer => Transfer(transfer),
        EngineQuery.Originate originate => Originate(originate.Line, originate.Number),
        EngineQuery.TestRoute test => TestRoute(test),
        EngineQuery.Counts => Counts(),
        _ => null,
    };

    private ImmutableArray<GatewayView> Gateways()
    {
        var services = new Dictionary<string, ServiceCounts>(StringComparer.Ordinal);
        foreach (var line in _lines.Values)
            services[line.Model.Gateway] = services.GetValueOrDefault(line.Model.Gateway).With(line.Service);
        return
        [
            .. _model.Gateways.Select(gateway => new GatewayView(
                gateway,
                _core.Mgcp.StatusOf(gateway.Mgcp.Name) ?? new GatewayStatus(gateway.Mgcp.Name, GatewayState.Unknown, gateway.Mgcp.Address, GatewayTraits.Preset(gateway.Mgcp.Profile), 0),
                services.GetValueOrDefault(gateway.Mgcp.Name))
            {
                Proposal = gateway.IsAdopted ? _proposals.Of(gateway.Mgcp.Domain, gateway.Mgcp.Address) : null,
            }),
        ];
    }

    private ImmutableArray<DiscoveredView> Discovered() =>
        [.. _core.Mgcp.Discovered.Select(found => new DiscoveredView(found, _proposals.Of(found.Domain, found.Address)))];

    private ImmutableArray<LineView> Lines() =>
    [
        .. _lines.Values.OrderBy(line => line.Index).Select(line => new LineView(
            line.Model,
            line.View,
            line.Registration,
            line.State is CallState.OutOfService ? null : CallMachine.IsOffHook(line.State),
            line.State.Current?.Id.ToString())
        {
            Service = line.Service,
            Dialled = line.Dialled,
        }),
    ];

    private EngineCounts Counts() => new(
        _calls.Values.Count(call => call.Ended is null),
        _calls.Values.Count(call => call.Bearer.IsHeld),
        _core.Media.Count,
        _core.Sip.Counts,
        _model.Gateways.Sum(gateway => _core.Mgcp.StatusOf(gateway.Mgcp.Name)?.PendingTransactions ?? 0),
        _timers.Count + _retries.Count);

    private ActiveCall? FindAny(string id)
    {
        if (ulong.TryParse(id, System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out var value)
            && Find(new CallId(value)) is { } live) return live;
        return _kept.GetValueOrDefault(id);
    }

    private void Keep(ActiveCall call)
    {
        var id = call.Id.ToString();
        if (call.Peer.SipCallId is { } sip) _core.SipCallIds.Remove(sip);
        call.Line.Calls.Remove(call);
        _kept[id] = call;
        _keptOrder.Enqueue(id);
        while (_keptOrder.Count > _core.Settings.LaddersKept) _kept.Remove(_keptOrder.Dequeue());
    }
}
