using System.Globalization;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

// Service states, restart and disconnected procedures: RFC 3435 §2.3.12, §4.4.5 to §4.4.7.
public sealed partial class SimulatedGateway
{
    private static readonly TimeSpan DisconnectedFirst = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan DisconnectedLongest = TimeSpan.FromSeconds(600);
    private readonly Dictionary<GatewayEndpoint, DisconnectedProcedure> _disconnected = [];
    private Agenda.Entry? _restartWait;
    private OutgoingCommand? _restart;
    private string? _restartText;
    private bool _restarting;
    private Instant _poweredSince;
    private int _restartsOpen;

    private sealed class DisconnectedProcedure(Instant since, TimeSpan wait)
    {
        public Instant Since { get; } = since;

        public TimeSpan Wait { get; set; } = wait;

        public Agenda.Entry? Timer { get; set; }

        public OutgoingCommand? Command { get; set; }
    }

    /// <summary>Whether it is switched on.</summary>
    public bool IsPowered => _powered;

    /// <summary>Whether its restart procedure is under way.</summary>
    public bool IsRestarting => _restarting;

    /// <summary>Transaction ids of its own commands that are unanswered.</summary>
    public IEnumerable<int> PendingTransactions => _outgoing.Keys.Order();

    /// <summary>Endpoints that know themselves to be disconnected from their call agent (§4.4.7).</summary>
    public int DisconnectedEndpoints => _disconnected.Count;

    /// <summary>Switches it on: everything is as new, and the restart procedure runs (§4.4.6). Handsets stay where they are.</summary>
    public void PowerOn(Instant now)
    {
        PowerOff();
        _powered = true;
        _poweredSince = now;
        foreach (var endpoint in _endpoints)
        {
            endpoint.InService = true;
            endpoint.Reset(now);
        }

        _restarting = true;
        _restartWait = Agenda.At(now + _entropy.Between(TimeSpan.Zero, Quirks.RestartWait), BeginRestart);
    }

    /// <summary>Pulls the plug: no message in, none out, no memory of transactions. Handsets stay where they are.</summary>
    public void PowerOff()
    {
        ConnectionsSeen = (ConnectionsSeen.Created, ConnectionsSeen.Deleted + ConnectionCount);
        _powered = false;
        Agenda.Clear();
        _outbox.Clear();
        _handled.Clear();
        _handledOrder.Clear();
        _outgoing.Clear();
        _work.Clear();
        _disconnected.Clear();
        _restarting = false;
        _restart = null;
        _restartText = null;
        foreach (var endpoint in _endpoints) endpoint.Reset(Instant.Zero);
        foreach (var media in _media) media.Stop();
        _media.Clear();
        _freeMedia.Clear();
        foreach (var address in Setup.Media) _freeMedia.Enqueue(address);
    }

    /// <summary>
    /// Says that endpoints leave service: <c>forced</c> (connections are lost now) or <c>graceful</c> (they may go on). A local name or '*'.
    /// </summary>
    public void LeaveService(string endpoint, string method, Instant now)
    {
        foreach (var one in FindAll(endpoint))
        {
            if (method != "forced") continue;
            ConnectionsSeen = (ConnectionsSeen.Created, ConnectionsSeen.Deleted + one.Connections.Count);
            one.Reset(now);
            one.InService = false;
        }

        Announce(endpoint, method, method == "graceful" ? "0" : null, now, _ => { });
    }

    /// <summary>Says that endpoints are in service (again): <c>restart</c>, clean.</summary>
    public void EnterService(string endpoint, Instant now)
    {
        foreach (var one in FindAll(endpoint)) one.InService = true;
        Announce(endpoint, "restart", "0", now, _ => { });
    }

    /// <summary>Deletes a connection by itself (§2.3.8), with a reason code such as 901.</summary>
    public void DropConnections(string endpoint, string reason, Instant now)
    {
        foreach (var one in FindAll(endpoint))
        {
            foreach (var connection in one.Connections.ToList())
            {
                Remove(one, connection);
                SendCommand("DLCX", one.Name, [("C", connection.CallId), ("I", connection.Id), ("P", ConnectionParameters(connection)), ("E", reason)], one, now, (_, _) => { }, _ => { });
            }
        }
    }

    internal void UserActivity(GatewayEndpoint endpoint, Instant now)
    {
        // §4.4.6 step 2: activity ends the wait before a restart. §4.4.7: it starts a disconnected procedure, at most one per Tdmin.
        if (_restarting && _restart is null && _powered)
        {
            _restartWait?.Cancel();
            BeginRestart(now);
        }
        else if (_disconnected.TryGetValue(endpoint, out var procedure) && now - procedure.Since >= DisconnectedFirst && procedure.Command is null)
        {
            procedure.Timer?.Cancel();
            BeginDisconnected(endpoint, now);
        }
    }

    private void BeginRestart(Instant now)
    {
        _restartWait = null;
        if (Quirks.WildcardRestart)
        {
            _restartsOpen = 1;
            _restart = Announce("*", "restart", "0", now, RestartDone);
            _restartText = _restart.Text;
            return;
        }

        _restartsOpen = _endpoints.Count;
        foreach (var endpoint in _endpoints)
        {
            _restart = Announce(endpoint.Name, "restart", "0", now, RestartDone);
            _restartText = _restart.Text;
        }
    }

    private void RestartDone(Instant now)
    {
        _ = now;
        if (--_restartsOpen > 0) return;
        _restarting = false;
        _restartText = null;
        // RFC 3435 §4.4.1: a handset that is up before the first request is an event, where such events are persistent.
        if (!Quirks.PersistentHookEvents) return;
        foreach (var endpoint in _endpoints)
            if (endpoint.OffHook && endpoint.RequestId == "0") endpoint.Occur(new Happening("L", "hd"), now);
    }

    private OutgoingCommand Announce(string endpoint, string method, string? delay, Instant now, Action<Instant> done)
    {
        var parameters = new List<(string, string)> { ("RM", method) };
        if (delay is not null) parameters.Add(("RD", delay));
        return SendCommand("RSIP", endpoint, parameters, endpoint.Contains('*') ? null : Find(endpoint), now, Answered, Lost);

        void Answered(PlainMgcp response, Instant at)
        {
            if (response.Code is >= 200 and < 300)
            {
                if (response["N"] is { } entity)
                    foreach (var one in FindAll(endpoint)) one.NotifiedEntity = entity;
                done(at);
                return;
            }

            // §4.4.6: 4xx makes it try again in a new transaction; 521 wants a N:; another 5xx ends it until a command comes.
            if (response.Code is >= 400 and < 500) Agenda.At(at + TimeSpan.FromSeconds(1), again => Announce(endpoint, method, delay, again, done));
            else if (response.Code == 521 && response["N"] is null) Complain("§2.3.12: 521 without N:");
        }

        void Lost(Instant at) => Agenda.At(at + _entropy.Between(TimeSpan.FromSeconds(1), DisconnectedFirst), again => Announce(endpoint, method, delay, again, done));
    }

    private void Reachable(GatewayEndpoint endpoint)
    {
        if (_disconnected.Remove(endpoint, out var procedure)) procedure.Timer?.Cancel();
    }

    private void NotifyLost(GatewayEndpoint endpoint, Instant now)
    {
        if (_disconnected.ContainsKey(endpoint)) return;
        // §4.4.1: the NTFY is lost and not pending any more, yet the endpoint stays in the notification state.
        endpoint.Unanswered.Clear();
        var procedure = new DisconnectedProcedure(now, _entropy.Between(TimeSpan.FromSeconds(1), DisconnectedFirst));
        _disconnected[endpoint] = procedure;
        procedure.Timer = Agenda.At(now + procedure.Wait, at => BeginDisconnected(endpoint, at));
    }

    private void BeginDisconnected(GatewayEndpoint endpoint, Instant now)
    {
        if (!_disconnected.TryGetValue(endpoint, out var procedure)) return;
        procedure.Timer?.Cancel();
        var seconds = (int)Math.Min((now - procedure.Since).TotalSeconds, 999_999);
        procedure.Command = SendCommand(
            "RSIP",
            endpoint.Name,
            [("RM", "disconnected"), ("RD", seconds.ToString(CultureInfo.InvariantCulture))],
            endpoint,
            now,
            (response, at) =>
            {
                if (response.Code is < 200 or >= 300) return;
                Reachable(endpoint);
                endpoint.Reconnected(at);
            },
            at =>
            {
                procedure.Command = null;
                procedure.Wait = TimeSpan.FromTicks(Math.Min(procedure.Wait.Ticks * 2, DisconnectedLongest.Ticks));
                procedure.Timer = Agenda.At(at + procedure.Wait, again => BeginDisconnected(endpoint, again));
            });
    }

    /// <summary>
    /// The RSIP that must reach the call agent no later than the answer to this command (§4.4.6, §4.4.7), to be put before it into the same
    /// datagram; null when there is none.
    /// </summary>
    private string? RestartMessageBefore(PlainMgcp command, NetAddress from, Instant now)
    {
        if (command.Verb is "AUEP" or "AUCX") return null;
        if (_restarting)
        {
            if (_restart is null)
            {
                _restartWait?.Cancel();
                BeginRestart(now);
            }

            return Quirks.Piggyback && Quirks.WildcardRestart && !Quirks.SilentUntilRestartAcknowledged ? _restartText : null;
        }

        if (Find(command.Endpoint) is not { } endpoint || !_disconnected.TryGetValue(endpoint, out var procedure)) return null;
        _ = from;
        if (procedure.Command is null || !_outgoing.ContainsKey(procedure.Command.Id)) BeginDisconnected(endpoint, now);
        return Quirks.Piggyback ? procedure.Command!.Text : null;
    }

    private bool MustWaitForRestart(PlainMgcp command) => _restarting && command.Verb is not ("AUEP" or "AUCX");
}
