using System.Collections.Immutable;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine;

/// <content>Lists of gateways and lines, in pieces: what is asked of a hundred thousand lines must not keep a call waiting.</content>
public sealed partial class BridgeEngine
{
    // In the order of names and numbers; made when somebody asks, and anew after the model has changed.
    private GatewayModel[]? _gatewaysInOrder;
    private LineSlot[]? _linesInOrder;

    private void ForgetOrder() => (_gatewaysInOrder, _linesInOrder) = (null, null);

    private ImmutableArray<GatewayView> Gateways(EngineQuery.Gateways asked)
    {
        if (asked is { After: null, Most: int.MaxValue }) return [.. _model.Gateways.Select(ViewOf)];
        _gatewaysInOrder ??= [.. _model.Gateways.OrderBy(gateway => gateway.Mgcp.Name, StringComparer.Ordinal)];
        return [.. Behind(_gatewaysInOrder, asked.After, gateway => gateway.Mgcp.Name, asked.Most).Select(ViewOf)];
    }

    private ImmutableArray<LineView> Lines(EngineQuery.Lines asked)
    {
        if (asked.Gateway is { } gateway)
        {
            var lines = LinesOf(gateway).Where(line => asked.After is null || string.CompareOrdinal(line.Model.Number, asked.After) > 0);
            return [.. lines.OrderBy(line => line.Model.Number, StringComparer.Ordinal).Take(asked.Most).Select(ViewOf)];
        }

        if (asked is { After: null, Most: int.MaxValue }) return [.. _lines.Values.OrderBy(line => line.Index).Select(ViewOf)];
        _linesInOrder ??= [.. _lines.Values.OrderBy(line => line.Model.Number, StringComparer.Ordinal)];
        return [.. Behind(_linesInOrder, asked.After, line => line.Model.Number, asked.Most).Select(ViewOf)];
    }

    private static ArraySegment<T> Behind<T>(T[] sorted, string? after, Func<T, string> key, int most)
    {
        var (low, high) = (0, after is null ? 0 : sorted.Length);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (string.CompareOrdinal(key(sorted[middle]), after) <= 0) low = middle + 1;
            else high = middle;
        }

        return new ArraySegment<T>(sorted, low, Math.Min(most, sorted.Length - low));
    }

    private GatewayModel? FindGateway(string name) => _model.Gateways.FirstOrDefault(gateway => gateway.Mgcp.Name == name);

    private IEnumerable<LineSlot> LinesOf(string gateway) => FindGateway(gateway) is { } model ? LinesOf(model) : [];

    private IEnumerable<LineSlot> LinesOf(GatewayModel gateway) => gateway.Mgcp.Endpoints.Select(endpoint => Line(new EndpointId(gateway.Mgcp.Name, endpoint))).OfType<LineSlot>();

    private GatewayView ViewOf(GatewayModel gateway) => new(
        gateway,
        _core.Mgcp.StatusOf(gateway.Mgcp.Name) ?? new GatewayStatus(gateway.Mgcp.Name, GatewayState.Unknown, gateway.Mgcp.Address, GatewayTraits.Preset(gateway.Mgcp.Profile), 0),
        LinesOf(gateway).Aggregate(default(ServiceCounts), (counts, line) => counts.With(line.Service)))
    {
        Proposal = gateway.IsAdopted ? _proposals.Of(gateway.Mgcp.Domain, gateway.Mgcp.Address) : null,
    };

    private LineView ViewOf(LineSlot line) => new(
        line.Model,
        line.View,
        RegistrationOf(line),
        line.State is CallState.OutOfService ? null : CallMachine.IsOffHook(line.State),
        line.State.Current?.Id.ToString())
    {
        Service = line.Service,
        Dialled = line.Dialled,
    };
}
