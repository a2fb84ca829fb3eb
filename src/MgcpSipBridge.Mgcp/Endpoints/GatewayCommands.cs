using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>Executes what gateways command, each command once: Notify, RestartInProgress, DeleteConnection, and questions whether we live.</summary>
internal sealed class GatewayCommands(AgentServices services, GatewayDirectory directory, GatewayWatch watch, DiscoveryList discovery)
{
    private const int MaxConfirmedRanges = 64;

    /// <summary>Takes one command message.</summary>
    public void Take(ReadOnlySpan<byte> message, NetAddress from, bool isPiggybacked, Instant now)
    {
        var error = MgcpCommand.TryParse(message, out var command);
        if (error != MgcpParseError.None) services.Outbox.Note(new MgcpNote.ParseFailed(error));
        Gateway? claimed = null;
        var gateway = command.Endpoint.Domain.IsEmpty
            ? directory.AtHost(from)
            : directory.Recognise(command.Endpoint.Domain, from, command.Verb == MgcpVerb.Rsip, out claimed);
        if (gateway is null)
        {
            services.Outbox.Note(new MgcpNote.Dropped(MgcpDropReason.UnknownSource, from));
            if (claimed is not null) watch.Claimed(claimed, from, now);
            else discovery.Heard(command, error, from, now);
            return;
        }

        if (command.TransactionId is not { } id) return;
        switch (gateway.Answers.Begin(id, now, out var answer))
        {
            case CommandRepeat.Running:
                services.Outbox.Send(from, services.Writer.Clear().Response(MgcpResponseCodes.Pending, id, "Pending").ToArray(), null, repeat: false);
                services.Outbox.Note(new MgcpNote.RepeatAnswered(gateway.Name));
                return;
            case CommandRepeat.Answered:
                WriteAnswer(id, answer);
                services.Outbox.Send(from, services.Writer.ToArray(), null, repeat: true);
                services.Outbox.Note(new MgcpNote.RepeatAnswered(gateway.Name));
                return;
            case CommandRepeat.Confirmed:
                services.Outbox.Note(new MgcpNote.Dropped(MgcpDropReason.Acknowledged, from));
                return;
        }

        // With more than one kept the timer runs already.
        if (gateway.Answers is { Count: 1, NextExpiry: { } expiry }) services.Timers.Set(new AgentTimer(AgentTimerKind.ForgetAnswers, gateway), expiry);
        Learn(gateway, command, error, from, isPiggybacked);
        GatewayDirectory.TryFind(gateway, command.Endpoint.Local, out var endpoint);
        if (services.Settings.Trace) services.Outbox.Received(from, message, endpoint?.Id);
        watch.Heard(gateway, now);
        Execute(new Context(gateway, endpoint, id, from, now), command, error);
        GatewayWatch.Recover(gateway, now);
    }

    private readonly record struct Context(Gateway Gateway, Endpoint? Endpoint, uint Id, NetAddress From, Instant Now);

    private void Execute(in Context context, in MgcpCommand command, MgcpParseError error)
    {
        if (error != MgcpParseError.None)
        {
            Answer(context, command.Verb, MgcpResponseCodes.For(error) ?? MgcpResponseCodes.ProtocolError);
            return;
        }

        if (command.Parameters[MgcpParameter.ResponseAck] is { IsEmpty: false } acks) Confirm(context.Gateway, acks);
        if (context.Endpoint is { } endpoint && !Ascii.Equals(command.Endpoint.Local, endpoint.LocalName))
        {
            endpoint.LocalName = Encoding.ASCII.GetString(command.Endpoint.Local);
        }

        switch (command.Verb)
        {
            case MgcpVerb.Ntfy:
                Notify(context, command);
                break;
            case MgcpVerb.Rsip:
                Restart(context, command);
                break;
            case MgcpVerb.Dlcx:
                Delete(context, command);
                break;
            case MgcpVerb.Auep when !command.Parameters.Has(MgcpParameter.RequestedInfo) || command.Parameters[MgcpParameter.RequestedInfo].IsEmpty:
                // Some gateways ask whether the call agent lives.
                Answer(context, command.Verb, MgcpResponseCodes.Ok);
                break;
            default:
                Answer(context, command.Verb, MgcpResponseCodes.UnknownCommand);
                break;
        }
    }

    private static int OnNoEndpoint(in Context context, in MgcpCommand command) =>
        command.Endpoint.IsWildcard || GatewayDirectory.IsLeaving(context.Gateway, command.Endpoint.Local) ? MgcpResponseCodes.Ok : MgcpResponseCodes.UnknownEndpoint;

    private void Notify(in Context context, in MgcpCommand command)
    {
        if (context.Endpoint is not { } endpoint)
        {
            // A wildcard breaks §2.3.4, but IOS keeps alive with it; it is about the gateway, not about a line.
            Answer(context, MgcpVerb.Ntfy, OnNoEndpoint(context, command));
            return;
        }

        var value = command.Parameters[MgcpParameter.ObservedEvents];
        var events = Read(endpoint, value, out var failed);
        if (failed) services.Outbox.Note(new MgcpNote.ParseFailed(MgcpParseError.BadParameterValue));
        // What could be read counts: a Notify that is refused is lost for good (§4.4.1), and with it the phone's hook.
        if (!command.Parameters.Has(MgcpParameter.ObservedEvents) || (failed && events.IsEmpty))
        {
            Answer(context, MgcpVerb.Ntfy, MgcpResponseCodes.ProtocolError);
            return;
        }

        Answer(context, MgcpVerb.Ntfy, MgcpResponseCodes.Ok);
        if (events.IsEmpty) return;
        var requestId = command.Parameters[MgcpParameter.RequestIdentifier];
        var isNumber = uint.TryParse(requestId, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var answers);
        if (!requestId.IsEmpty && !(isNumber && answers == endpoint.Requests.RequestId)) services.Outbox.Note(new MgcpNote.NotifyCrossed(context.Gateway.Name));
        if (isNumber && !endpoint.Requests.IsInOrder(answers))
        {
            services.Outbox.Note(new MgcpNote.Dropped(MgcpDropReason.Overtaken, context.From));
            return;
        }

        LearnDigits(context.Gateway, events);
        endpoint.Observed(events, context.Now);
    }

    private static ImmutableArray<ObservedEvent> Read(Endpoint endpoint, ReadOnlySpan<byte> value, out bool failed)
    {
        var traits = endpoint.Gateway.Traits;
        var isDecided = endpoint.Gateway.Model.Overrides?.DefaultPackage is not null;
        var fallback = !isDecided && endpoint.Audit.Packages is [var first, ..] ? first : traits.DefaultPackage;
        ObservedEvent? only = null;
        ImmutableArray<ObservedEvent>.Builder? several = null;
        var reader = new ObservedEventsReader(value);
        while (reader.TryNext(out var entry, out var name))
        {
            var spelt = Spell(name);
            var package = entry.Package.IsEmpty ? PackageVocabulary.PackageOf(spelt, fallback, traits) : Upper(entry.Package);
            var parameters = entry.Groups == 0 ? null : Encoding.UTF8.GetString(entry.Arguments);
            var connection = entry.Connection.IsEmpty ? null : Encoding.ASCII.GetString(entry.Connection);
            var observed = new ObservedEvent(package, spelt, parameters, connection);
            if (only is null)
            {
                only = observed;
                continue;
            }

            if (several is null) (several = ImmutableArray.CreateBuilder<ObservedEvent>()).Add(only.Value);
            several.Add(observed);
        }

        failed = reader.Failed;
        return several is not null ? several.DrainToImmutable() : only is { } one ? [one] : [];
    }

    /// <summary>Packages in upper case; those that every line uses are not made anew.</summary>
    private static string Upper(ReadOnlySpan<byte> package) => package switch
    {
        [(byte)'L' or (byte)'l'] => "L",
        [(byte)'D' or (byte)'d'] => "D",
        [(byte)'G' or (byte)'g'] => "G",
        _ => Encoding.ASCII.GetString(package).ToUpperInvariant(),
    };

    /// <summary>Digits, letters A to D and the timer in upper case, all other names in lower case.</summary>
    private static string Spell(ReadOnlySpan<byte> name)
    {
        if (Ascii.EqualsIgnoreCase(name, "hd"u8)) return "hd";
        if (Ascii.EqualsIgnoreCase(name, "hu"u8)) return "hu";
        if (name.Length == 1 && (char)(name[0] & 0xDF) is (>= 'A' and <= 'D') or 'T') return ((char)(name[0] & 0xDF)).ToString();
        return Encoding.ASCII.GetString(name).ToLowerInvariant();
    }

    private void LearnDigits(Gateway gateway, ImmutableArray<ObservedEvent> events)
    {
        foreach (var observed in events)
        {
            if (!observed.IsDigit || observed.Package == gateway.Traits.DigitPackage) continue;
            services.Learn(gateway, "digit-package", t => t with { DigitPackage = observed.Package });
        }
    }

    private void Restart(in Context context, in MgcpCommand command)
    {
        var method = RestartMethods.Parse(command.Parameters[MgcpParameter.RestartMethod], command.Parameters.Has(MgcpParameter.RestartMethod));
        Answer(context, MgcpVerb.Rsip, RestartMethods.Answer(method));
        if (method is RestartMethod.Missing or RestartMethod.Unknown or RestartMethod.UnknownPackage) return;
        services.Outbox.Note(new MgcpNote.Restarted(context.Gateway.Name, RestartMethods.Word(method)));
        var delay = new ByteCursor(command.Parameters[MgcpParameter.RestartDelay]);
        var seconds = delay.TryReadUInt32(out var read) ? Math.Min(read, 999_999) : 0;
        var reason = ReasonOf(command);
        context.Gateway.Audits.Hold();
        foreach (var endpoint in context.Gateway.Endpoints.Values)
        {
            if (MgcpEndpointName.Covers(command.Endpoint.Local, endpoint.Id.LocalName)) Restart(endpoint, method, seconds, reason, context.Now);
        }

        context.Gateway.Audits.Release(context.Now);

        // Whatever it was busy with is over.
        if (method == RestartMethod.Restart && seconds == 0 && command.Endpoint.Local is [(byte)'*']) services.Transactions.Unthrottle(context.Gateway, context.Now);
        var isGone = method == RestartMethod.Forced || (method == RestartMethod.Restart && seconds > 0);
        if (isGone && command.Endpoint.Local is [(byte)'*']) watch.WentDown(context.Gateway, context.Now);
    }

    private void Restart(Endpoint endpoint, RestartMethod method, uint seconds, int reason, Instant now)
    {
        switch (method)
        {
            case RestartMethod.Restart when seconds == 0:
                endpoint.Restarted(now);
                break;
            case RestartMethod.Restart:
                // Another RSIP should follow (§2.3.12); if it is lost we ask.
                endpoint.LeaveService(OutOfServiceReason.Restarting, TimeSpan.FromSeconds(seconds) + services.Settings.AuditInterval, now, reason, TimeSpan.FromSeconds(seconds));
                break;
            case RestartMethod.Forced:
                endpoint.LeaveService(OutOfServiceReason.TakenOut, services.Jittered(services.Settings.AuditInterval), now, reason);
                break;
            case RestartMethod.Graceful:
                endpoint.Drain(seconds, now, reason);
                break;
            case RestartMethod.CancelGraceful:
                endpoint.Undrain(now);
                break;
            case RestartMethod.Disconnected:
                endpoint.Recover(keep: true, atOurStart: endpoint.Service == ServiceState.Unknown, now);
                break;
            case RestartMethod.Lockstep:
                // RFC 3992: the endpoint waits for a request; nothing else has happened.
                endpoint.Requests.Renew(now);
                break;
        }
    }

    private void Delete(in Context context, in MgcpCommand command)
    {
        if (context.Endpoint is not { } endpoint)
        {
            Answer(context, MgcpVerb.Dlcx, OnNoEndpoint(context, command));
            return;
        }

        Answer(context, MgcpVerb.Dlcx, MgcpResponseCodes.Ok);
        var code = ReasonOf(command);
        endpoint.Connections.Lost(
            TextOf(command, MgcpParameter.ConnectionId), TextOf(command, MgcpParameter.CallId), code,
            ConnectionStatistics.Read(command.Parameters[MgcpParameter.ConnectionParameters]));
    }

    /// <summary>E: three digits, and whatever follows them (§2.5, §3.2.2.15).</summary>
    private static int ReasonOf(in MgcpCommand command)
    {
        var reason = new ByteCursor(command.Parameters[MgcpParameter.ReasonCode]);
        return reason.TryReadUInt32(out var read) && read <= 999 ? (int)read : 0;
    }

    private static string? TextOf(in MgcpCommand command, MgcpParameter parameter) =>
        command.Parameters[parameter] is { IsEmpty: false } value ? Encoding.ASCII.GetString(value) : null;

    private static void Confirm(Gateway gateway, ReadOnlySpan<byte> acks)
    {
        var ranges = new MgcpTransactionRanges(acks);
        // Confirming is optional (§3.5.2), and each range costs up to what is kept: a line of thousands is not worth it.
        for (var count = 0; count < MaxConfirmedRanges && ranges.TryNext(out var first, out var last); count++) gateway.Answers.Confirm(first, last);
    }

    /// <summary>How it writes its version and its domain, whether it piggybacks, and where it is.</summary>
    private void Learn(Gateway gateway, in MgcpCommand command, MgcpParseError error, NetAddress from, bool isPiggybacked)
    {
        if (isPiggybacked) LearnPiggyback(gateway);
        if (error is MgcpParseError.None && !Ascii.Equals(command.Version, gateway.Traits.Version))
        {
            gateway.Traits = Profiles.WithVersion(gateway.Traits, Encoding.ASCII.GetString(command.Version), gateway.Model.Profile);
        }

        var domain = command.Endpoint.Domain;
        if (!domain.IsEmpty && !Ascii.Equals(domain, gateway.WireDomain)) gateway.WireDomain = Encoding.ASCII.GetString(domain);
        if (gateway.Model.Address is null && (gateway.Address.IsNone || (command.Verb == MgcpVerb.Rsip && gateway.Address != from)))
        {
            directory.Change(gateway, gateway.Model, from);
        }

        else if (gateway.State != GatewayState.Up && !gateway.Address.SameHost(from) && gateway.Model.At(from) is { } there)
        {
            // Not known to be where it was sought, and here it is, at another of its addresses.
            directory.Change(gateway, gateway.Model, there);
        }

        if (gateway.Address.SameHost(from)) gateway.CommandsFrom = from;
    }

    /// <summary>The gateway put several messages into a datagram, so it takes several.</summary>
    public void LearnPiggyback(Gateway gateway)
    {
        if (!gateway.Traits.Piggyback) services.Learn(gateway, "piggyback", static t => t with { Piggyback = true });
    }

    private void Answer(in Context context, MgcpVerb verb, int code)
    {
        if (context.Gateway.Traits.Piggyback) AnswerLater(context, code);
        else services.Outbox.Send(context.From, Finish(context, code), context.Endpoint?.Id, repeat: false);
        services.Outbox.Note(new MgcpNote.TransactionEnded(verb.Name(), code, context.Gateway.Name, TimeSpan.Zero, FromGateway: true));
    }

    /// <summary>The answer's bytes are made when it is really on its way: repeats may arrive until then.</summary>
    private void AnswerLater(Context context, int code) =>
        services.Outbox.Hold(context.From, context.Endpoint?.Id, () => Finish(context, code));

    private byte[] Finish(in Context context, int code)
    {
        var (gateway, id) = (context.Gateway, context.Id);
        var answer = new AnswerCache.Answer(code, gateway.Answers.WantsAck(id));
        gateway.Answers.Complete(id, answer);
        WriteAnswer(id, answer);
        var bytes = services.Writer.ToArray();
        if (answer.WantsAck) new RepeatedAnswer(gateway, id, context.From, bytes, context.Now).Schedule(services, context.Now);
        return bytes;
    }

    private void WriteAnswer(uint id, AnswerCache.Answer answer)
    {
        services.Writer.Clear().Response(answer.Code, id, MgcpResponseCodes.Comment(answer.Code));
        if (answer.WantsAck) services.Writer.Begin(MgcpParameter.ResponseAck).EndLine();
    }
}
