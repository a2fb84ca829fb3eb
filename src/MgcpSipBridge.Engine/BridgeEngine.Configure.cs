using MgcpSipBridge.Calls;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <content>Provisioning: the difference between two models, applied without touching what stays.</content>
public sealed partial class BridgeEngine
{
    /// <summary>
    /// A gateway that has said that it restarts is on its way back: so long it may take when a thousand do at once, and tens of thousands of lines that leave the
    /// PBX and return would make it longer for all.
    /// </summary>
    private static readonly TimeSpan RestartTime = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, DialledFeatures> _dialled = new(StringComparer.Ordinal);
    private EngineModel _model = EngineModel.Empty;

    private static string TrunkKey(string peer) => "trunk:" + peer;

    private void Configure(EngineModel model)
    {
        var old = _model;
        _model = model;
        ForgetOrder();

        _core.Peers.Clear();
        foreach (var peer in model.Peers) _core.Peers[peer.Sip.Name] = peer;
        _core.Routes = model.Table ?? new RouteTable(model.Routes);
        _core.Sip.SetPeers([.. model.Peers.Select(peer => peer.Sip)], _core.Now);

        // Routes come and go by themselves; a hundred thousand lines have nothing to do with it.
        var sameLines = model.Lines == old.Lines && model.Gateways == old.Gateways;
        if (!sameLines) RemoveLines(model);
        var keptGateways = model.Gateways.Select(gateway => gateway.Mgcp.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var gateway in old.Gateways.Where(gateway => !keptGateways.Contains(gateway.Mgcp.Name)))
        {
            _core.Mgcp.RemoveGateway(gateway.Mgcp.Name, _core.Now);
            Pump();
            _core.Note(new EngineNote.GatewayRemoved(gateway.Mgcp.Name));
        }

        var known = old.Gateways.ToDictionary(gateway => gateway.Mgcp.Name, StringComparer.Ordinal);
        SetTrunks(old, model);
        if (!sameLines) SetLines(model);
        FollowDialled();
        foreach (var gateway in model.Gateways)
        {
            if (known.TryGetValue(gateway.Mgcp.Name, out var before) && Same(before.Mgcp, gateway.Mgcp)) continue;
            if (before is null) _core.Note(new EngineNote.GatewayChanged(gateway.Mgcp.Name, GatewayState.Unknown));
            if (gateway.Host is null || gateway.Mgcp.Address is not null) _core.Mgcp.SetGateway(gateway.Mgcp, _core.Now);
        }

        Pump();
    }

    internal static bool Same(MgcpGatewayModel a, MgcpGatewayModel b) =>
        a with { Endpoints = b.Endpoints, AlsoFrom = b.AlsoFrom, FurtherAddresses = b.FurtherAddresses } == b && a.Endpoints.AsSpan().SequenceEqual(b.Endpoints.AsSpan())
        && a.AlsoFrom.AsSpan().SequenceEqual(b.AlsoFrom.AsSpan()) && a.FurtherAddresses.AsSpan().SequenceEqual(b.FurtherAddresses.AsSpan());

    private void RemoveLines(EngineModel model)
    {
        var staying = model.Lines.ToDictionary(line => line.Number, StringComparer.Ordinal);
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
            _byAccount.Remove((line.Model.Peer, line.Model.Username));
            if (!staying.ContainsKey(line.Model.Number)) ForgetAccount(line.Model.Number, line.Model.Peer);
            _core.Note(new EngineNote.LineProvisioned(line.Model.Number, line.View, Removed: true));
            _core.Note(new EngineNote.LineServes(line.Model.Gateway, line.Model.Number, line.Service, null));
        }

        bool Stays(LineSlot line) => staying.TryGetValue(line.Model.Number, out var next) && new EndpointId(next.Gateway, next.Endpoint) == line.Endpoint;
    }

    private void SetTrunks(EngineModel old, EngineModel model)
    {
        foreach (var peer in old.Peers.Where(peer => peer.Sip.Registration == SipRegistrationMode.Trunk))
            if (!model.Peers.Any(kept => kept.Sip.Name == peer.Sip.Name && kept.Sip.Registration == SipRegistrationMode.Trunk))
                ForgetAccount(TrunkKey(peer.Sip.Name), peer.Sip.Name);
        foreach (var peer in model.Peers.Where(peer => peer.Sip.Registration == SipRegistrationMode.Trunk))
        {
            if (old.Peers.Contains(peer)) continue;
            var user = peer.Sip.Username ?? peer.Sip.Name;
            _core.Sip.SetAccount(new SipAccount(TrunkKey(peer.Sip.Name), peer.Sip.Name, user, user, peer.Sip.Password, null, Register: true), _core.Now);
        }
    }

    private void SetLines(EngineModel model)
    {
        var gateways = model.Gateways.ToDictionary(gateway => gateway.Mgcp.Name, StringComparer.Ordinal);
        foreach (var lineModel in model.Lines)
        {
            if (!_byNumber.TryGetValue(lineModel.Number, out var line))
            {
                line = new LineSlot(_core, ++_lastLine, lineModel);
                _lines[line.Index] = line;
                _byEndpoint[line.Endpoint] = line;
                _byNumber[lineModel.Number] = line;
                _core.Note(new EngineNote.LineProvisioned(lineModel.Number, line.View, Removed: false));
                _core.Note(new EngineNote.LineServes(lineModel.Gateway, lineModel.Number, null, line.Service));
                SetAccount(lineModel);
            }
            else if (line.Model != lineModel)
            {
                _byAccount.Remove((line.Model.Peer, line.Model.Username));
                if (line.Model.Peer != lineModel.Peer) ForgetAccount(lineModel.Number, line.Model.Peer);
                line.Model = lineModel;
                SetAccount(lineModel, line.Registers);
            }

            _byAccount[(lineModel.Peer, lineModel.Username)] = line;
            var gateway = gateways.GetValueOrDefault(lineModel.Gateway);
            line.Learning = gateway?.Media ?? SourceLearning.Strict;
            line.GatewayDtmf = gateway?.Dtmf ?? Media.DtmfForm.Unchanged;
            line.Fax = lineModel.Fax ?? gateway?.Fax ?? FaxHandling.Auto;
        }
    }

    /// <summary>
    /// A line's account at its peer: it registers there while it serves (until its gateway has been heard of, we hope), or borrows the
    /// trunk's credentials.
    /// </summary>
    private void SetAccount(LineModel line, bool serves = true)
    {
        if (!_core.Peers.TryGetValue(line.Peer, out var peer)) return;
        var account = peer.Sip.Registration switch
        {
            SipRegistrationMode.PerLine => new SipAccount(line.Number, line.Peer, line.Username, line.Username, line.Password, line.DisplayName, Register: serves),
            SipRegistrationMode.Trunk => new SipAccount(line.Number, line.Peer, line.Number, peer.Sip.Username ?? peer.Sip.Name, peer.Sip.Password, line.DisplayName, Register: false),
            _ => new SipAccount(line.Number, line.Peer, line.Number, line.Username, line.Password, line.DisplayName, Register: false),
        };
        _core.Sip.SetAccount(account with { AsksForMessages = peer.Sip.AsksForMessages && serves && line.Features.MessageWaiting }, _core.Now);
    }

    /// <summary>
    /// A line that stays out of service leaves the PBX too, so that its callers hear so at once; back in service, it registers again. A
    /// gateway that merely restarts is back before.
    /// </summary>
    private void FollowService(LineSlot line, bool serves, bool restarts = false)
    {
        if (!serves)
        {
            var patience = _core.Settings.UnregisterAfter;
            _leaving.Set(line.Index, _core.Now + (restarts && patience < RestartTime ? RestartTime : patience));
        }
        else
        {
            _leaving.Cancel(line.Index);
            SetRegisters(line, true);
        }
    }

    private void SetRegisters(LineSlot line, bool registers)
    {
        if (line.Registers == registers) return;
        line.Registers = registers;
        if (_core.Peers.TryGetValue(line.Model.Peer, out var peer) && peer.Sip.Registration == SipRegistrationMode.PerLine) SetAccount(line.Model, registers);
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

    private void ForgetAccount(string key, string peer)
    {
        _core.Sip.RemoveAccount(key, _core.Now);
        if (_registrations.Remove(key, out var state))
            _core.Note(new EngineNote.RegistrationChanged(key, peer, state, null, 0));
    }

}
