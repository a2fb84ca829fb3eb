using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <content>Accounts at peers: which there are, whether they are registered, and when they leave.</content>
public sealed partial class BridgeEngine
{
    /// <summary>
    /// A gateway that has said that it restarts is on its way back: so long it may take when a thousand do at once, and tens of thousands of lines that leave the
    /// PBX and return would make it longer for all.
    /// </summary>
    private static readonly TimeSpan RestartTime = TimeSpan.FromSeconds(60);

    // What is known of the registrations of lines, by their numbers, and of trunks.
    private readonly Dictionary<string, SipRegistrationState> _registrations = new(StringComparer.Ordinal);

    private static string TrunkKey(string peer) => "trunk:" + peer;

    /// <summary>Whether calls from the peer reach the line: by its own registration, or by the trunk's.</summary>
    private SipRegistrationState RegistrationOf(LineSlot line) => (_core.Peers.GetValueOrDefault(line.Model.Peer)?.Sip.Registration) switch
    {
        SipRegistrationMode.PerLine => _registrations.GetValueOrDefault(line.Model.Number),
        SipRegistrationMode.Trunk => _registrations.GetValueOrDefault(TrunkKey(line.Model.Peer)),
        _ => SipRegistrationState.Off,
    };

    private void OnRegistration(SipEvent.RegistrationChanged evt)
    {
        if (!IsKept(evt.Key, evt.Peer)) return;
        SipRegistrationState? known = _registrations.TryGetValue(evt.Key, out var state) ? state : null;
        _registrations[evt.Key] = evt.State;
        _core.Note(new EngineNote.RegistrationChanged(evt.Key, evt.Peer, known, evt.State, evt.Reason?.Status ?? 0));
    }

    /// <summary>Whether there is such a registration still: one that was given up has its end to report yet, and nobody whom that concerns.</summary>
    private bool IsKept(string key, string peer) => _core.Peers.GetValueOrDefault(peer)?.Sip.Registration switch
    {
        SipRegistrationMode.PerLine => _byNumber.TryGetValue(key, out var line) && line.Model.Peer == peer,
        SipRegistrationMode.Trunk => key == TrunkKey(peer),
        _ => false,
    };

    /// <summary>
    /// Takes back what is not registered any more, or as somebody else, before anything new is registered: of two lines that exchange their accounts, the removal of one
    /// would come after the other's registration and remove that.
    /// </summary>
    private void WithdrawAccounts(Change change)
    {
        foreach (var next in change.Model.Lines)
        {
            if ((_byNumber.GetValueOrDefault(next.Number) ?? change.Moved.GetValueOrDefault(next.Number)) is not { Account: { } has } line) continue;
            if (line.Model == next && !change.Peers.Contains(next.Peer)) continue;
            var isSame = AccountOf(next, line.Registers) is { } account && (account.Peer, account.User) == (has.Peer, has.User);
            if (isSame && (_core.Peers[next.Peer].Sip.Registration == SipRegistrationMode.PerLine || !_registrations.ContainsKey(next.Number))) continue;
            ForgetAccount(next.Number, has.Peer);
            line.Account = null;
        }
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

    /// <summary>
    /// A line's account at its peer: it registers there while it serves (until its gateway has been heard of, we hope), or borrows the
    /// trunk's credentials.
    /// </summary>
    private SipAccount? AccountOf(LineModel line, bool serves)
    {
        if (!_core.Peers.TryGetValue(line.Peer, out var peer)) return null;
        var account = peer.Sip.Registration switch
        {
            SipRegistrationMode.PerLine => new SipAccount(line.Number, line.Peer, line.Username, line.Username, line.Password, line.DisplayName, Register: serves),
            SipRegistrationMode.Trunk => new SipAccount(line.Number, line.Peer, line.Number, peer.Sip.Username ?? peer.Sip.Name, peer.Sip.Password, line.DisplayName, Register: false),
            _ => new SipAccount(line.Number, line.Peer, line.Number, line.Username, line.Password, line.DisplayName, Register: false),
        };
        return account with { AsksForMessages = peer.Sip.AsksForMessages && serves && line.Features.MessageWaiting };
    }

    private void SetAccount(LineSlot line)
    {
        line.Account = AccountOf(line.Model, line.Registers);
        if (line.Account is { } account) _core.Sip.SetAccount(account, _core.Now);
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
        if (_core.Peers.TryGetValue(line.Model.Peer, out var peer) && peer.Sip.Registration == SipRegistrationMode.PerLine) SetAccount(line);
    }

    private void ForgetAccount(string key, string peer)
    {
        _core.Sip.RemoveAccount(key, _core.Now);
        if (_registrations.Remove(key, out var state))
            _core.Note(new EngineNote.RegistrationChanged(key, peer, state, null, 0));
    }
}
