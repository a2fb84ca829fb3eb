using System.Globalization;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

// What the call agent can command: RFC 3435 §2.3.
public sealed partial class SimulatedGateway
{
    private readonly List<PendingWork> _work = [];

    private sealed record PendingWork(PlainMgcp Command, HandledCommand Handled, GatewayEndpoint Endpoint, string? Connection)
    {
        public Agenda.Entry? Entry { get; set; }
    }

    private sealed record Request(string Id, string Text, List<PlainRequestedEvent> Events, List<PlainSignal> Signals, string? DigitMap, bool Discard, bool Loop)
    {
        /// <summary>B/PR: (Appendix B.2.1); null keeps what was.</summary>
        public List<PlainRequestedEvent>? Persistent { get; init; }
    }

    /// <summary>Executes a command; null when the answer comes later. What must follow the answer is put into <paramref name="later"/>.</summary>
    private string? Execute(PlainMgcp command, HandledCommand handled, Instant now, List<Action> later)
    {
        CommandsExecuted++;
        string Answer(int code, string comment, params ReadOnlySpan<(string, string)> parameters) =>
            Write($"{code} {command.TransactionId} {comment}".TrimEnd(), parameters.ToArray());

        if (IsOverloaded)
        {
            CommandsRefused++;
            return Answer(409, "Overload");
        }

        if (!command.Domain.Equals(Setup.Domain, StringComparison.OrdinalIgnoreCase)) return Answer(500, "Endpoint name contains an invalid host or domain");
        if (!AcceptsVersion(command.Tail)) return Answer(528, "Version");
        var endpoints = FindAll(command.Endpoint);
        if (endpoints.Count == 0) return Answer(500, "Endpt Unknown");
        if (command.Verb == "AUEP") return Audit(command, endpoints);
        if (endpoints.Exists(endpoint => !endpoint.InService)) return Answer(501, "Out of service");
        if (endpoints.Count > 1 && command.Verb is not ("RQNT" or "DLCX" or "EPCF")) return Answer(503, "No wildcards in this command");
        if (command["N"] is { } entity)
            foreach (var endpoint in endpoints) endpoint.NotifiedEntity = entity;
        if (command["X"] is not null && command.Verb != "RQNT" && !Quirks.EncapsulatedRequests) return Answer(510, "Protocol Error: Forbidden parameter line present.");
        var request = ReadRequest(command);
        if (request is { Loop: true } && Quirks.Loop == LoopHandling.Refused) return Answer(508, "Unknown or unsupported quarantine handling");
        if (request is not null)
        {
            foreach (var endpoint in endpoints)
            {
                var (code, comment) = request.Persistent is not null && !Quirks.Packages.Contains("B")
                    ? (518, "Unknown package B")
                    : endpoint.CheckRequest(request.Events, request.Signals, request.DigitMap);
                if (code == 518) return Answer(code, comment, ("PL", string.Join(',', Quirks.Packages)));
                if (code != 0) return Answer(code, comment);
            }
        }

        switch (command.Verb)
        {
            case "RQNT":
                foreach (var endpoint in endpoints) later.Add(() => Commit(endpoint, request!, now));
                return Answer(200, "OK");
            case "EPCF":
                return Answer(200, "OK");
            case "CRCX" or "MDCX" when Quirks.ConnectionWork > TimeSpan.Zero:
                return Start(command, handled, endpoints[0], request, now);
            case "CRCX":
                return Create(command, endpoints[0], request, now, later);
            case "MDCX":
                return Modify(command, endpoints[0], request, now, later);
            case "DLCX":
                return Delete(command, endpoints, request, now, later);
            default:
                return AuditConnection(command, endpoints[0]);
        }
    }

    private bool AcceptsVersion(string version) =>
        Quirks.AcceptedVersions.IsEmpty
            ? version.Equals(Quirks.Version, StringComparison.OrdinalIgnoreCase) || version.Equals("MGCP 1.0", StringComparison.OrdinalIgnoreCase)
            : Quirks.AcceptedVersions.Contains(version, StringComparer.OrdinalIgnoreCase);

    private static Request? ReadRequest(PlainMgcp command)
    {
        if (command["X"] is not { } id) return null;
        var ignored = new List<string>();
        var handling = (command["Q"] ?? "").ToLowerInvariant();
        return new Request(
            id,
            command["R"] ?? "",
            PlainEvents.ReadRequested(command["R"] ?? "", ignored),
            PlainEvents.ReadSignals(command["S"] ?? "", ignored),
            command["D"],
            handling.Contains("discard", StringComparison.Ordinal),
            handling.Contains("loop", StringComparison.Ordinal))
        {
            Persistent = command["B/PR"] is { } persistent ? PlainEvents.ReadRequested(persistent, ignored) : null,
        };
    }

    private static void Commit(GatewayEndpoint endpoint, Request request, Instant now)
    {
        if (request.Persistent is { } persistent) endpoint.PersistentEvents = persistent;
        endpoint.Commit(request.Id, request.Text, request.Events, request.Signals, request.DigitMap, request.Discard, request.Loop && endpoint.HonoursLoop, now);
    }

    private string? Start(PlainMgcp command, HandledCommand handled, GatewayEndpoint endpoint, Request? request, Instant now)
    {
        // §4.4.4: a MDCX while its CRCX is being worked on is 400.
        if (_work.Exists(work => work.Endpoint == endpoint)) return Write($"400 {command.TransactionId} Busy with that connection", []);
        var pending = new PendingWork(command, handled, endpoint, command["I"]);
        _work.Add(pending);
        pending.Entry = Agenda.At(now + Quirks.ConnectionWork, at =>
        {
            _work.Remove(pending);
            var later = new List<Action>();
            // §4.4.2: the hook must still be where the request wants it when the command commits.
            var (code, comment) = request is null ? (0, "") : endpoint.CheckRequest(request.Events, request.Signals, request.DigitMap);
            var response = code != 0
                ? Write($"{code} {command.TransactionId} {comment}", [])
                : command.Verb == "CRCX" ? Create(command, endpoint, request, at, later) : Modify(command, endpoint, request, at, later);
            // §3.5.6: after a provisional response the final one carries an empty K:.
            var end = response.IndexOf(Quirks.LineEnd, StringComparison.Ordinal) + Quirks.LineEnd.Length;
            AnswerLate(command, handled, response.Insert(end, "K:" + Quirks.LineEnd), at);
            foreach (var action in later) action();
        });
        return null;
    }

    private string Create(PlainMgcp command, GatewayEndpoint endpoint, Request? request, Instant now, List<Action> later)
    {
        var mode = command["M"]!.ToLowerInvariant();
        var remote = command.Description.Length > 0 ? PlainSdp.Read(command.Description) : null;
        if (command.Description.Length > 0 && remote is null) return Write($"509 {command.TransactionId} Error in RemoteConnectionDescriptor", []);
        // §2.3.5: without a RemoteConnectionDescriptor only these modes.
        if (remote is null && mode is not ("recvonly" or "inactive" or "loopback" or "conttest"))
        {
            Complain($"§2.3.5: CRCX M: {mode} without a session description");
            return Write($"527 {command.TransactionId} Missing RemoteConnectionDescriptor", []);
        }

        if (endpoint.Connections.Count >= 2 || _freeMedia.Count == 0) return Write($"540 {command.TransactionId} Connection limit", []);
        var codecs = Negotiate(command["L"], remote);
        // Nobody calls for a fax alone here.
        if (codecs.Count == 0 || BecomesFax(command["L"], null, remote) != false) return Write($"534 {command.TransactionId} Codec negotiation failed", []);
        if (ProcedureAfter(command["L"], "", remote) is not { } procedure) return Write($"532 {command.TransactionId} Unsupported value(s) in LocalConnectionOptions", []);
        if (!HasFax && Field(command["L"], "fxr/") is not null) return Write($"541 {command.TransactionId} Unknown LocalConnectionOptions", []);
        var connection = new GatewayConnection(_entropy.Hex(8).ToUpperInvariant(), command["C"]!, _freeMedia.Dequeue())
        {
            Mode = mode,
            Options = command["L"] ?? "",
            Remote = remote,
            Codecs = [.. codecs],
            Described = [.. codecs],
            Procedure = procedure,
        };
        connection.SessionId = _entropy.NextUInt64() >> 32;
        Describe(connection);
        endpoint.Connections.Add(connection);
        ConnectionsSeen = (ConnectionsSeen.Created + 1, ConnectionsSeen.Deleted);
        UpdateMedia(endpoint, connection, now);
        if (request is not null) later.Add(() => Commit(endpoint, request, now));
        return Write($"200 {command.TransactionId} OK", [("I", connection.Id)], connection.Description);
    }

    private string Modify(PlainMgcp command, GatewayEndpoint endpoint, Request? request, Instant now, List<Action> later)
    {
        var (connection, failure) = Named(command, endpoint);
        if (connection is null) return failure;
        var remote = command.Description.Length > 0 ? PlainSdp.Read(command.Description) : connection.Remote;
        if (command.Description.Length > 0 && remote is null) return Write($"509 {command.TransactionId} Error in RemoteConnectionDescriptor", []);
        var mode = command["M"]?.ToLowerInvariant() ?? connection.Mode;
        if (remote is null && mode is not ("recvonly" or "inactive" or "loopback" or "conttest"))
        {
            Complain($"§2.3.6: MDCX M: {mode} without a session description");
            return Write($"527 {command.TransactionId} Missing RemoteConnectionDescriptor", []);
        }

        var given = command.Description.Length > 0 ? remote : null;
        var becomesFax = BecomesFax(command["L"], connection, given);
        var codecs = becomesFax == true ? connection.Codecs : [.. Negotiate(Field(command["L"], "a:") is null ? connection.Options : command["L"], remote is { IsFax: true } ? null : remote)];
        if (codecs.IsEmpty || becomesFax is not { } isFax) return Write($"534 {command.TransactionId} Codec negotiation failed", []);
        if (!HasFax && Field(command["L"], "fxr/") is not null) return Write($"541 {command.TransactionId} Unknown LocalConnectionOptions", []);
        if (ProcedureAfter(command["L"], connection.Procedure, given) is not { } procedure) return Write($"532 {command.TransactionId} Unsupported value(s) in LocalConnectionOptions", []);
        connection.Procedure = procedure;
        if (Field(command["L"], "a:") is not null) connection.OnlyFax = isFax;
        // §2.1.1: told off, it aborts what it does.
        if (procedure == "off" && connection.FaxStarted) later.Add(() => EndFax(endpoint, connection, "stop", now));
        var (before, wasFax) = (connection.Description, connection.IsFax);
        connection.IsFax = isFax;
        connection.Mode = mode;
        connection.Remote = remote;
        connection.Options = command["L"] ?? connection.Options;
        connection.Codecs = codecs;
        if (connection.IsFax != wasFax) Describe(connection);
        UpdateMedia(endpoint, connection, now);
        if (request is not null) later.Add(() => Commit(endpoint, request, now));
        return Write($"200 {command.TransactionId} OK", [], Quirks.RepeatsDescription || before != connection.Description ? connection.Description : "");
    }

    private string Delete(PlainMgcp command, List<GatewayEndpoint> endpoints, Request? request, Instant now, List<Action> later)
    {
        // §4.4.4: deletion overtakes creation; what was being worked on fails with 407.
        foreach (var work in _work.Where(work => endpoints.Contains(work.Endpoint)).ToList())
        {
            _work.Remove(work);
            work.Entry?.Cancel();
            AnswerLate(work.Command, work.Handled, Write($"407 {work.Command.TransactionId} Aborted", [("K", "")]), now);
        }

        if (command["I"] is not null)
        {
            var (connection, failure) = Named(command, endpoints[0]);
            if (connection is null) return failure;
            Remove(endpoints[0], connection);
            if (request is not null) later.Add(() => Commit(endpoints[0], request, now));
            return Write($"250 {command.TransactionId} Connection was deleted", [("P", ConnectionParameters(connection))]);
        }

        // §2.3.9: succeeds also when nothing is there.
        foreach (var endpoint in endpoints)
            foreach (var connection in endpoint.Connections.Where(connection => command["C"] is not { } call || SameId(connection.CallId, call)).ToList())
                Remove(endpoint, connection);
        return Write($"250 {command.TransactionId} OK", []);
    }

    private (GatewayConnection? Connection, string Failure) Named(PlainMgcp command, GatewayEndpoint endpoint)
    {
        var connection = endpoint.Connections.Find(one => SameId(one.Id, command["I"] ?? ""));
        if (connection is null) return (null, Write($"515 {command.TransactionId} Incorrect connection-id", []));
        if (!SameId(connection.CallId, command["C"] ?? "")) return (null, Write($"516 {command.TransactionId} Unknown call-id", []));
        return (connection, "");
    }

    private void Remove(GatewayEndpoint endpoint, GatewayConnection connection)
    {
        endpoint.Connections.Remove(connection);
        if (connection.Media is { } media)
        {
            media.Stop();
            _media.Remove(media);
        }

        _freeMedia.Enqueue(connection.Local);
        ConnectionsSeen = (ConnectionsSeen.Created, ConnectionsSeen.Deleted + 1);
    }

    private List<string> Negotiate(string? options, PlainSdp? remote)
    {
        // §2.3.5: the gateway's own, those that L: names in its order, those that the other side names.
        var wanted = Voices.ToList();
        foreach (var field in PlainMgcp.SplitList(options ?? ""))
        {
            if (!field.StartsWith("a:", StringComparison.OrdinalIgnoreCase)) continue;
            var named = field[2..].Split(';', StringSplitOptions.TrimEntries);
            wanted = [.. named.Select(name => wanted.Find(own => own.Equals(name, StringComparison.OrdinalIgnoreCase))).OfType<string>()];
        }

        if (remote is null) return wanted;
        var offered = remote.Formats.Select(format => format.Name.Split('/')[0]).ToList();
        var common = wanted.Where(own => offered.Contains(own, StringComparer.OrdinalIgnoreCase)).ToList();
        return common.TrueForAll(codec => codec == "telephone-event") ? [] : common;
    }

    private static string ConnectionParameters(GatewayConnection connection)
    {
        var media = connection.Media;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"PS={media?.PacketsSent ?? 0}, OS={(media?.PacketsSent ?? 0) * 160}, PR={media?.PacketsReceived ?? 0}, OR={(media?.PacketsReceived ?? 0) * 160}, PL=0, JI=0, LA=0");
    }

    private static bool SameId(string left, string right) => left.Equals(right, StringComparison.OrdinalIgnoreCase);
}
