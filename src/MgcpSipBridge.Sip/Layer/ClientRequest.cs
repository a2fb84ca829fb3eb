using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>Who wants to know what became of a request.</summary>
internal interface IClientRequestOwner
{
    /// <summary>A provisional response.</summary>
    void OnProvisional(ClientRequest request, SipMessage response, Instant now);

    /// <summary>It was sent, to the first or to another server; a challenge has it sent again, too.</summary>
    void OnAttempt(ClientRequest request, Instant now)
    {
        // Most wait as long as it takes.
    }

    /// <summary>A 2xx from a server that was given up for another one: somebody has answered who must be hung up on.</summary>
    void OnStray(ClientRequest request, SipMessage response, SipFlow flow, Instant now)
    {
        // Only INVITEs are given up.
    }

    /// <summary>The final response after challenges and other targets; for an INVITE every 2xx, also repeats and other forks.</summary>
    void OnFinal(ClientRequest request, SipMessage response, Instant now);

    /// <summary>No final response: 408 for a time-out, 503 for a transport failure or no way to go at all (RFC 3261 §8.1.3.1).</summary>
    void OnFailed(ClientRequest request, int status, Instant now);

    /// <summary>Nothing is left of the transaction that had the last word.</summary>
    void OnTerminated(ClientRequest request);
}

/// <summary>
/// A request of ours until its final response, over as many transactions as it takes: challenges are answered (RFC 3261 §22), and the
/// targets of a name tried in order (RFC 3263 §4.3), each in a transaction and with a branch of its own.
/// </summary>
/// <param name="core">Transactions, timers, tokens.</param>
/// <param name="owner">Who wants to know.</param>
/// <param name="draft">What is asked.</param>
/// <param name="account">Whose credentials answer challenges; null for nobody's.</param>
/// <param name="nextSequence">Gives the number for an attempt after a challenge; null for one more than the last.</param>
internal sealed class ClientRequest(SipCore core, IClientRequestOwner owner, RequestDraft draft, AccountEntry? account, Func<uint>? nextSequence = null)
{
    private readonly RequestCredentials? _credentials = account?.Digest.Begin(SipMethods.NameOf(draft.Method));
    private ImmutableArray<SipFlow> _flows = [];
    private int _next;
    private int _heard;
    private bool _stopped;
    private bool _triedStream;

    /// <summary>What is asked; its sequence number moves on with each challenge.</summary>
    public RequestDraft Draft { get; private set; } = draft;

    /// <summary>The transaction of the attempt under way; null before the first.</summary>
    public SipClientTransaction? Transaction { get; private set; }

    /// <summary>Where the attempt under way went.</summary>
    public SipFlow Flow => _flows[_next];

    /// <summary>Where it may go, in order.</summary>
    public ImmutableArray<SipFlow> Flows => _flows;

    /// <summary>Whether it has been tried to send it.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>Whether a final response or failure was reported.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>The credentials that the attempt under way carries.</summary>
    public IReadOnlyList<AuthorizationHeader> SentCredentials { get; private set; } = [];

    /// <summary>Sends it to the first of the flows.</summary>
    public void Start(ImmutableArray<SipFlow> flows, Instant now)
    {
        _flows = flows;
        IsStarted = true;
        _next = 0;
        if (flows.IsEmpty) Fail(503, now);
        else Attempt(now);
    }

    /// <summary>No more attempts: the next final response is the last, whatever it says.</summary>
    public void Stop() => _stopped = true;

    /// <summary>Cancels an INVITE; the transaction holds the CANCEL back as long as it must (§9.1).</summary>
    public void Cancel(string? reason, Instant now)
    {
        Stop();
        if (Transaction is { } transaction) core.Transactions.Cancel(transaction, reason, now);
    }

    /// <summary>Whether it waits for the first word of a server that it could do without.</summary>
    public bool MayGoOn => Draft.Patience > TimeSpan.Zero && !_stopped && !IsFinished && _heard == 0 && (_next + 1 < _flows.Length || Draft.LeadsOn);

    /// <summary>The server has been silent for too long: on to the next one.</summary>
    public void GiveUp(Instant now)
    {
        if (!MayGoOn || Transaction is not { } silent) return;
        core.Circuits.Failed(Flow, now);
        core.Transactions.Abandon(silent, now);
        if (!TryNextFlow(now)) Fail(408, now);
    }

    public void OnResponse(SipClientTransaction transaction, SipMessage response, Instant now)
    {
        if (transaction != Transaction)
        {
            if (response.Status != 503) core.Circuits.Answered(transaction.Flow, now);
            if (response.Status is >= 200 and < 300) owner.OnStray(this, response, transaction.Flow, now);
            return;
        }

        _heard = Math.Max(_heard, response.Status);
        if (response.Status != 503) core.Circuits.Answered(Flow, now);
        else if (response.NumberOf(SipHeader.RetryAfter) is { } seconds) core.Circuits.Blocked(Flow, TimeSpan.FromSeconds(seconds), now);
        if (response.Status < 200)
        {
            if (!IsFinished) owner.OnProvisional(this, response, now);
            return;
        }

        if (response.Status >= 300 && !_stopped && !IsFinished && TryAgain(response, now)) return;
        if (response.Status < 300 && !IsFinished) _credentials?.Succeeded(DigestChallenge.ReadNextNonce(response.First(SipHeader.AuthenticationInfo)));
        IsFinished = true;
        owner.OnFinal(this, response, now);
    }

    public void OnTimedOut(SipClientTransaction transaction, Instant now)
    {
        if (transaction != Transaction || IsFinished) return;
        if (_heard == 0) core.Circuits.Failed(Flow, now);
        // RFC 3263 §4.3: another target only without any response at all.
        if (_stopped || _heard > 0 || !TryNextFlow(now)) Fail(408, now);
    }

    public void OnTransportFailed(SipClientTransaction transaction, Instant now)
    {
        if (transaction != Transaction || IsFinished) return;
        // Nothing was sent at all where we are full ourselves.
        if (!transaction.Message.IsEmpty) core.Circuits.Failed(Flow, now);
        // A connection that ends while it rings: another target would ring a second phone.
        if (_stopped || _heard > 100 || !TryNextFlow(now)) Fail(503, now);
    }

    public void OnTerminated(SipClientTransaction transaction)
    {
        if (transaction == Transaction) owner.OnTerminated(this);
    }

    private bool TryAgain(SipMessage response, Instant now)
    {
        switch (response.Status)
        {
            case 401 or 407 when account is not null:
                if (_credentials!.Challenged(ChallengesOf(response)) != ChallengeVerdict.Answer)
                {
                    core.Note(new SipNote.CredentialsRefused(account.Peer, account.Key, response.Status));
                    return false;
                }

                Draft = Draft with { Sequence = nextSequence?.Invoke() ?? Draft.Sequence + 1 };
                Attempt(now);
                return true;

            case 503:
                return TryNextFlow(now);

            default:
                return false;
        }
    }

    private bool TryNextFlow(Instant now)
    {
        if (_next + 1 >= _flows.Length) return false;
        _triedStream = Flow.Transport == SipTransport.Tcp && _triedStream;
        _next++;
        _heard = 0;
        Attempt(now);
        return true;
    }

    private void Attempt(Instant now)
    {
        SentCredentials = _credentials?.Headers(Draft.Uri) ?? [];
        core.Compose(Draft with { Credentials = SentCredentials }, Flow);
        if (Draft.MayUseStream && Flow.Transport == SipTransport.Udp && core.Transactions.ExceedsDatagram(core.Writer) && !_triedStream
            && core.FlowsTo([new SipTarget(SipTransport.Tcp, Flow.Remote)], Flow.Local) is [var stream])
        {
            // RFC 3261 §18.1.1: too large for a path of unknown MTU, so TCP; the datagram stays the next choice if nobody listens there.
            _triedStream = true;
            _flows = _flows.Insert(_next, stream);
            core.Compose(Draft with { Credentials = SentCredentials }, stream);
        }

        Transaction = core.Transactions.Send(core.Writer, Flow, this, now, Draft.Urgent);
        owner.OnAttempt(this, now);
    }

    private void Fail(int status, Instant now)
    {
        IsFinished = true;
        owner.OnFailed(this, status, now);
    }

    private static List<ReceivedChallenge> ChallengesOf(SipMessage response)
    {
        var challenges = new List<ReceivedChallenge>();
        foreach (var line in response.Lines(SipHeader.WwwAuthenticate))
        {
            if (DigestChallenge.TryParse(line, out var challenge)) challenges.Add(new(false, challenge));
        }

        foreach (var line in response.Lines(SipHeader.ProxyAuthenticate))
        {
            if (DigestChallenge.TryParse(line, out var challenge)) challenges.Add(new(true, challenge));
        }

        return challenges;
    }
}
