using MgcpSipBridge.Calls;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine;

/// <content>Provisioning: the difference between two models, applied without touching what stays.</content>
public sealed partial class BridgeEngine
{
    private readonly Dictionary<string, DialledFeatures> _dialled = new(StringComparer.Ordinal);
    private EngineModel _model = EngineModel.Empty;

    private void Configure(EngineModel model)
    {
        var old = _model;
        _model = model;
        ForgetOrder();

        _core.Peers.Clear();
        foreach (var peer in model.Peers) _core.Peers[peer.Sip.Name] = peer;
        _core.Routes = model.Ready;
        _core.Sip.SetPeers([.. model.Peers.Select(peer => peer.Sip)], _core.Now);

        // What that changes in registrations is told of the lines as they were.
        Pump();

        // Routes come and go by themselves; a hundred thousand lines have nothing to do with it.
        var sameLines = model.Lines == old.Lines && model.Gateways == old.Gateways;
        var changed = new Change(old, model);
        if (!sameLines) RemoveLines(changed);
        foreach (var gateway in old.Gateways.Where(gateway => !changed.Gateways.ContainsKey(gateway.Mgcp.Name)))
        {
            _core.Mgcp.RemoveGateway(gateway.Mgcp.Name, _core.Now);
            Pump();
            _core.Note(new EngineNote.GatewayRemoved(gateway.Mgcp.Name));
        }

        var sameAccounts = sameLines && changed.Peers.Count == 0;
        if (!sameAccounts) WithdrawAccounts(changed);
        SetTrunks(old, model);
        if (!sameAccounts) SetLines(changed);
        FollowDialled();
        var known = old.Gateways.ToDictionary(gateway => gateway.Mgcp.Name, StringComparer.Ordinal);
        foreach (var gateway in model.Gateways)
        {
            if (known.TryGetValue(gateway.Mgcp.Name, out var before) && Same(before.Mgcp, gateway.Mgcp) && !changed.Vacated.Contains(gateway.Mgcp.Name)) continue;
            if (before is null) _core.Note(new EngineNote.GatewayChanged(gateway.Mgcp.Name, GatewayState.Unknown));
            if (gateway.Host is null || gateway.Mgcp.Address is not null) _core.Mgcp.SetGateway(gateway.Mgcp, _core.Now);
        }

        Pump();
    }

    /// <summary>What one change of the model is about.</summary>
    private sealed class Change(EngineModel before, EngineModel model)
    {
        public EngineModel Model { get; } = model;

        /// <summary>The gateways that there are.</summary>
        public Dictionary<string, GatewayModel> Gateways { get; } = model.Gateways.ToDictionary(gateway => gateway.Mgcp.Name, StringComparer.Ordinal);

        /// <summary>The peers that are not what they were.</summary>
        public HashSet<string> Peers { get; } = [.. before.Peers.Except(model.Peers).Concat(model.Peers.Except(before.Peers)).Select(peer => peer.Sip.Name)];

        /// <summary>Lines that stay and are at another endpoint now, as they were.</summary>
        public Dictionary<string, LineSlot> Moved { get; } = new(StringComparer.Ordinal);

        /// <summary>Lines that are not at these endpoints any more.</summary>
        public Dictionary<EndpointId, LineSlot> Left { get; } = [];

        /// <summary>Gateways with endpoints that are begun anew, for another line is there.</summary>
        public HashSet<string> Vacated { get; } = new(StringComparer.Ordinal);
    }

    internal static bool Same(MgcpGatewayModel a, MgcpGatewayModel b) =>
        a with { Endpoints = b.Endpoints, AlsoFrom = b.AlsoFrom, FurtherAddresses = b.FurtherAddresses } == b && a.Endpoints.AsSpan().SequenceEqual(b.Endpoints.AsSpan())
        && a.AlsoFrom.AsSpan().SequenceEqual(b.AlsoFrom.AsSpan()) && a.FurtherAddresses.AsSpan().SequenceEqual(b.FurtherAddresses.AsSpan());

    private void RemoveLines(Change change)
    {
        var staying = change.Model.Lines.ToDictionary(line => line.Number, StringComparer.Ordinal);
        foreach (var line in _lines.Values.Where(line => !Stays(line)).OrderBy(line => line.Index).ToArray())
        {
            Apply(line, new CallEvent.LineDown(Restarting: false));
            Pump();
            _timers.Cancel(line.Index);
            _retries.Cancel(line.Index);
            _core.PhoneDigits.Cancel(line.Index);
            _leaving.Cancel(line.Index);
            _lines.Remove(line.Index);
            _byEndpoint.Remove(line.Endpoint);
            _byNumber.Remove(line.Model.Number);
            change.Left[line.Endpoint] = line;
            if (staying.ContainsKey(line.Model.Number)) change.Moved[line.Model.Number] = line;
            else ForgetAccount(line.Model.Number, line.Model.Peer);
            _core.Note(new EngineNote.LineProvisioned(line.Model.Number, line.View, Removed: true));
            _core.Note(new EngineNote.LineServes(line.Model.Gateway, line.Model.Number, line.Service, null));
        }

        // An endpoint that another line has now is told of as if it were new; one that is nobody's leaves with its gateway's model.
        foreach (var next in change.Model.Lines)
        {
            var endpoint = new EndpointId(next.Gateway, next.Endpoint);
            if (change.Left.Count == 0 || !change.Left.ContainsKey(endpoint) || !change.Gateways.ContainsKey(next.Gateway)) continue;
            _core.Mgcp.VacateEndpoint(endpoint, _core.Now);
            change.Vacated.Add(next.Gateway);
        }

        Pump();

        bool Stays(LineSlot line) => staying.TryGetValue(line.Model.Number, out var next) && new EndpointId(next.Gateway, next.Endpoint) == line.Endpoint;
    }

    private void SetLines(Change change)
    {
        _byAccount.Clear();
        foreach (var lineModel in change.Model.Lines)
        {
            if (!_byNumber.TryGetValue(lineModel.Number, out var line))
            {
                line = new LineSlot(_core, ++_lastLine, lineModel);
                _lines[line.Index] = line;
                _byEndpoint[line.Endpoint] = line;
                _byNumber[lineModel.Number] = line;
                if (change.Moved.TryGetValue(lineModel.Number, out var before)) line.ComesFrom(before);
                if (change.Left.TryGetValue(line.Endpoint, out var other) && other.Gateway.HasMessages) line.Gateway.OwesMessages();
                _core.Note(new EngineNote.LineProvisioned(lineModel.Number, line.View, Removed: false));
                _core.Note(new EngineNote.LineServes(lineModel.Gateway, lineModel.Number, null, line.Service));
                SetAccount(line);
            }
            else if (line.Model != lineModel || change.Peers.Contains(lineModel.Peer))
            {
                line.Model = lineModel;
                SetAccount(line);
            }

            _byAccount[(lineModel.Peer, lineModel.Username)] = line;
            var gateway = change.Gateways.GetValueOrDefault(lineModel.Gateway);
            line.Learning = gateway?.Media ?? SourceLearning.Strict;
            line.GatewayDtmf = gateway?.Dtmf ?? Media.DtmfForm.Unchanged;
            line.Fax = lineModel.Fax ?? gateway?.Fax ?? FaxHandling.Auto;
        }
    }

    /// <summary>Something was set at a phone; the host keeps it.</summary>
    private void SetDialled(LineSlot line, DialledFeatures next)
    {
        if (line.Dialled == next) return;
        line.Dialled = next;
        if (next == DialledFeatures.None) _dialled.Remove(line.Model.Number);
        else _dialled[line.Model.Number] = next;
        _core.Note(new EngineNote.LineDialled(line.Model.Number, next));
    }

    /// <summary>What was set at phones goes with the number, wherever that is; another provisioning of the same features, or of no such line, ends it.</summary>
    private void FollowDialled()
    {
        foreach (var (number, dialled) in _dialled.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToArray())
        {
            if (!_byNumber.TryGetValue(number, out var line))
            {
                _dialled.Remove(number);
                _core.Note(new EngineNote.LineDialled(number, DialledFeatures.None));
                continue;
            }

            line.Dialled = dialled;
            SetDialled(line, dialled.Under(line.Model.Features));
        }
    }
}
