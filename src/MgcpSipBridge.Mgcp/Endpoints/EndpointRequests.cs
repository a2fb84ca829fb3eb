using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// An endpoint's NotificationRequests: one on the wire at a time, only the latest wish behind it (RFC 3435 §4.4.4), and what to do when the
/// gateway refuses.
/// </summary>
internal sealed class EndpointRequests(Endpoint endpoint, AgentServices services) : IAnswerTarget
{
    private const int MaxTries = 6;
    private NotificationRequest? _wish;
    private bool _unsent;
    private Sent? _sent;
    private int _tries;
    private List<Concession>? _concessions;
    private int _concession;
    private uint _reported;
    // Whether persistent events are in force: they stay until the endpoint restarts.
    private bool _watched;
    private int _asked;
    private string? _map;
    // A signal that stays until it is turned off (OO, RFC 3660 §2.3: L/vmwi), while it is on.
    private string? _lit;
    private IReadOnlyCollection<string> _playing = [];

    /// <summary>A request on the wire, by itself or in a connection command.</summary>
    /// <param name="Shaped">As it was written.</param>
    /// <param name="Concession">What it does without, on trial.</param>
    /// <param name="Transaction">Null when it rides.</param>
    /// <param name="IsTrial">Whether it is meant to be refused.</param>
    private readonly record struct Sent(NotificationRequest Shaped, Concession? Concession, OutgoingTransaction? Transaction, bool IsTrial = false);

    /// <summary>RequestIdentifier (X:) of the last request sent; a Notify with another one crossed it on the wire.</summary>
    public uint RequestId { get; private set; }

    /// <summary>
    /// Takes note that a NTFY bore this RequestIdentifier. False when a NTFY to a later request came before: only gateways that do not wait
    /// for their answers (against RFC 3435 §4.4.1) do that, and what they report late undoes what has happened since.
    /// </summary>
    public bool IsInOrder(uint requestId)
    {
        // Identifiers rise; beyond this distance one is not ours of this life, and says nothing.
        const uint Memory = 1_000_000;
        var age = RequestId - requestId;
        if (requestId == 0 || age > Memory) return true;
        if (_reported != 0 && age > RequestId - _reported) return false;
        _reported = requestId;
        return true;
    }

    /// <summary>Whether a request is on the wire, by itself or in a connection command.</summary>
    public bool IsOut => _sent is not null || endpoint.IsHeldBack;

    /// <summary>The request on the wire that goes by itself.</summary>
    public OutgoingTransaction? Asking => _sent?.Transaction;

    /// <summary>Whether one is on the wire or waits to be.</summary>
    public bool IsBusy => IsOut || _unsent;

    /// <summary>Whether a request may ride in a connection command now.</summary>
    public bool CanRide => !IsOut && endpoint.Gateway.Traits.EncapsulatedRequests;

    /// <summary>Counts the wishes, so that an older one is not taken for the latest.</summary>
    public int Stamp { get; private set; }

    /// <summary>Counts the turns of the hook that the wishes suppose, so that an answer about an earlier one is not taken for the latest.</summary>
    public int Turn { get; private set; }

    /// <summary>Where the latest wish supposes the hook: it waits for the other event. Null when it waits for neither.</summary>
    public bool? SupposesOffHook { get; private set; }

    /// <summary>
    /// A request whose connection command failed, or was never sent, goes by itself, unless something newer is wished: now, if the engine has nothing else to say to
    /// that failure.
    /// </summary>
    public void WishUnlessNewer(NotificationRequest request, int stamp, Instant now)
    {
        if (stamp != Stamp) return;
        Adopt(request);
        _unsent = false;
        services.Timers.Set(new AgentTimer(AgentTimerKind.RetryRequest, this), now);
    }

    /// <summary>Makes a request the endpoint's.</summary>
    public void Wish(NotificationRequest request, Instant now)
    {
        Adopt(request);
        _unsent = true;
        Pump(now);
    }

    /// <summary>Sends the last wish again: the gateway forgot it, or is in lock-step.</summary>
    public void Renew(Instant now)
    {
        if (_wish is { } wish) Wish(wish, now);
    }

    /// <summary>What takes back all that the endpoint was told: nothing is requested, nothing plays (RFC 3435 §2.3.3), no lamp burns. Null when it was told nothing.</summary>
    public NotificationRequest? Last() => RequestId == 0 ? null
        : new NotificationRequest([], _lit is null ? [] : [new SignalRequest(_lit, "-")]) { PersistentEvents = _watched ? [] : null };

    /// <summary>Sends the wish if nothing is in its way.</summary>
    public void Pump(Instant now)
    {
        if (!_unsent || IsOut || _wish is not { } wish || !endpoint.TakesCommands) return;
        if (!endpoint.Gateway.Traits.OneAtATime || !endpoint.Connections.IsOut) Send(wish, now);
    }

    /// <summary>A request goes along in a connection command; what waited is superseded. Gives what to write.</summary>
    public NotificationRequest BeginRide(NotificationRequest request, uint requestId)
    {
        Adopt(request);
        _unsent = false;
        RequestId = requestId;
        var shaped = Shape(request, endpoint.Gateway.Traits);
        _sent = new Sent(shaped, null, null);
        return shaped;
    }

    /// <summary>The connection command that carried a request ended. The caller pumps.</summary>
    public void EndRide(bool accepted, Instant now)
    {
        var sent = _sent;
        _sent = null;
        if (accepted && sent is { } taken) Accept(taken, now);
    }

    /// <summary>
    /// Asks for the event that cannot come next, where nothing else has been asked for yet: a gateway that follows RFC 3435 §4.4.2 refuses. What is wished meanwhile
    /// waits for the verdict.
    /// </summary>
    public void TryHook(bool offHook, Instant now)
    {
        // With a persistent watch nothing depends on the answer.
        if (IsOut || _wish is not null || endpoint.Gateway.Traits is { PersistentHook: true, PersistentEvents: true }) return;
        endpoint.Gateway.OnTrial = true;
        _sent = Send(new NotificationRequest([new RequestedEvent(offHook ? "L/hd" : "L/hu")], []), null, now) with { IsTrial = true };
    }

    /// <summary>Asks for the hook state if it could have changed unseen before the present request came into force.</summary>
    public void DoubtHook(Instant now)
    {
        if (_watched || _wish is null || _unsent || _sent is not null || _asked == Turn || endpoint.Gateway.Traits.ChecksHook != false) return;
        _asked = Turn;
        endpoint.Hook.Begin(now);
    }

    /// <summary>The retry timer has run out.</summary>
    public void Retry(Instant now)
    {
        _unsent = _wish is not null;
        Pump(now);
    }

    /// <summary>The request on the wire goes on, and its outcome is nobody's concern.</summary>
    public void LetGo()
    {
        EndTrial();
        _sent = null;
    }

    /// <summary>Out of service: nothing is wanted any more. The digit map's text is kept for the gateway that lost it.</summary>
    public void Reset(Instant now)
    {
        if (_sent?.Transaction is { } transaction) services.Transactions.Silence(transaction, now);
        EndTrial();
        _sent = null;
        _wish = null;
        SupposesOffHook = null;
        Turn++;
        _unsent = false;
        _playing = [];
        _watched = false;
        _lit = null;
        _reported = 0;
        StartAfresh();
    }

    /// <inheritdoc/>
    public void Answered(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        if (_sent is not { } sent || sent.Transaction != transaction)
        {
            endpoint.Outlived(now);
            return;
        }

        EndTrial();
        _sent = null;
        if (sent.IsTrial) Judge(response, now);
        else if (response.IsSuccess) Accept(sent, now);
        else Refuse(sent, response, now);
        endpoint.Pump(now);
    }

    /// <inheritdoc/>
    public void Unanswered(OutgoingTransaction transaction, Instant now)
    {
        if (_sent?.Transaction != transaction)
        {
            endpoint.Outlived(now);
            return;
        }

        EndTrial();
        _sent = null;
        if (!_unsent) Fail(0);
    }

    private static bool? Supposed(NotificationRequest request)
    {
        foreach (var requested in request.Events)
        {
            var name = PackageVocabulary.Split(requested.Event).Name;
            if (name.Equals("hd", StringComparison.OrdinalIgnoreCase)) return false;
            if (name.Equals("hu", StringComparison.OrdinalIgnoreCase)) return true;
        }

        return null;
    }

    private void Adopt(NotificationRequest request)
    {
        if (request.DigitMap is { } map) _map = map;
        _wish = request;
        Stamp++;
        if (Supposed(request) is var supposed && supposed != SupposesOffHook) Turn++;
        SupposesOffHook = supposed;
        StartAfresh();
    }

    private void StartAfresh()
    {
        _tries = 0;
        _concessions = null;
        services.Timers.Cancel(new AgentTimer(AgentTimerKind.RetryRequest, this));
    }

    private void Send(NotificationRequest wish, Instant now)
    {
        _unsent = false;
        _sent = Send(wish, _concessions?[_concession], now);
    }

    private Sent Send(NotificationRequest wish, Concession? concession, Instant now)
    {
        var gateway = endpoint.Gateway;
        var traits = concession is null ? gateway.Traits : concession.Apply(gateway.Traits);
        var shaped = Shape(wish, traits);
        var id = services.Begin(MgcpVerb.Rqnt, gateway, endpoint.LocalName, now);
        RequestId = id;
        RequestWriter.Write(services.Writer, shaped, id, services.NotifiedEntityFor(endpoint.Gateway));
        return new Sent(shaped, concession, services.Transactions.Send(id, MgcpVerb.Rqnt, gateway, endpoint.Id, this, services.Writer.ToArray(), now));
    }

    private NotificationRequest Shape(NotificationRequest wish, GatewayTraits traits)
    {
        var shaped = RequestShaper.Shape(wish, traits, _playing);
        return services.BackupsFor(endpoint, traits) is { } backups ? shaped with { Backups = backups } : shaped;
    }

    private void Accept(Sent sent, Instant now)
    {
        _watched |= sent.Shaped.PersistentEvents is not null;
        _playing = RequestShaper.TonesOf(sent.Shaped, endpoint.Gateway.Traits);
        foreach (var signal in sent.Shaped.Signals)
        {
            if (signal.Parameters is "+" or "-") _lit = signal.Parameters == "+" ? signal.Signal : null;
        }

        if (sent.Concession is { } concession)
        {
            services.Learn(endpoint.Gateway, concession.Word, concession.Apply);
        }

        if (!_unsent) StartAfresh();
        DoubtHook(now);
    }

    private void EndTrial()
    {
        if (_sent is { IsTrial: true }) endpoint.Gateway.OnTrial = false;
    }

    /// <summary>A trial is over. Whatever else it was refused for says nothing of the hook; the next endpoint that comes into service tries again.</summary>
    private void Judge(in MgcpResponse response, Instant now)
    {
        var gateway = endpoint.Gateway;
        if (response.IsSuccess)
        {
            services.Learn(gateway, "hook-state", static t => t with { ChecksHook = false });
            foreach (var other in gateway.Endpoints.Values) other.Requests.DoubtHook(now);
            return;
        }

        switch (Reactions.To(response.Code))
        {
            case Reaction.HookMismatch:
                gateway.Learn(static t => t with { ChecksHook = true });
                break;
            case Reaction.OutOfService:
                endpoint.Refused(now);
                break;
        }
    }

    private void Refuse(Sent sent, in MgcpResponse response, Instant now)
    {
        var reaction = Reactions.To(response.Code, endpoint.Gateway.Traits);
        if (reaction == Reaction.OutOfService)
        {
            endpoint.Refused(now);
            return;
        }

        // A newer wish waits: it knows better than the one that was refused.
        if (_unsent) return;
        switch (reaction)
        {
            case Reaction.HookMismatch:
                endpoint.Gateway.Learn(static t => t with { ChecksHook = true });
                services.Outbox.Happened(new MgcpEvent.HookMismatch(endpoint.Id, response.Code == MgcpResponseCodes.OffHook));
                break;
            case Reaction.RetryLater when ++_tries < MaxTries:
                services.Timers.Set(new AgentTimer(AgentTimerKind.RetryRequest, this), now + services.BackOff(_tries));
                break;
            case Reaction.Overtaken when ++_tries < MaxTries:
                _unsent = true;
                break;
            case Reaction.ResendWithMap:
                ResendWithMap(sent, response.Code);
                break;
            case Reaction.DoWithout when response.Code == MgcpResponseCodes.UnknownPackage && LearnPackages(response.Parameters, sent):
                _unsent = true;
                break;
            case Reaction.DoWithout or Reaction.Simplify:
                Concede(sent, response.Code, mapRefused: false);
                break;
            case Reaction.OtherVersion when endpoint.Gateway is { VersionsRefused: < 2 } gateway && Profiles.Alternative(gateway.Traits.Version) is { } other:
                gateway.VersionsRefused++;
                services.Learn(gateway, "version", t => t with { Version = other });
                _unsent = true;
                break;
            default:
                Fail(response.Code);
                break;
        }
    }

    /// <summary>518 says which packages there are (PL:, RFC 3435 §2.3.3): one refusal is enough for all names of the others. False if that helps nothing.</summary>
    private bool LearnPackages(in MgcpParameters parameters, Sent sent)
    {
        var gateway = endpoint.Gateway;
        var packages = PackageList.Join(gateway.Traits.Packages, parameters);
        if (packages == gateway.Traits.Packages || _wish is null) return false;
        services.Learn(gateway, "packages", t => t with { Packages = packages });
        return !RequestShaper.Shape(_wish, gateway.Traits, _playing).Equals(sent.Shaped);
    }

    private void ResendWithMap(Sent sent, int code)
    {
        if (sent.Shaped.DigitMap is null && _map is not null && _wish is { } wish && endpoint.Gateway.Traits.DigitMaps)
        {
            _wish = wish with { DigitMap = _map };
            _unsent = true;
            return;
        }

        Concede(sent, code, mapRefused: true);
    }

    private void Concede(Sent sent, int code, bool mapRefused)
    {
        if (_concessions is null)
        {
            _concessions = Concession.After(sent.Shaped, endpoint.Gateway.Traits, code, mapRefused);
            _concession = 0;
        }
        else
        {
            _concession++;
        }

        if (_concession < _concessions.Count)
        {
            _unsent = true;
            return;
        }

        Fail(code);
    }

    private void Fail(int code)
    {
        StartAfresh();
        services.Outbox.Happened(new MgcpEvent.RequestFailed(endpoint.Id, code));
    }
}
