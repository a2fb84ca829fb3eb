using System.Diagnostics.CodeAnalysis;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>
/// The transaction layer (RFC 3261 §17 and §18's matching, RFC 6026, RFC 3581, RFC 4320), sans-IO. Give it messages, time and failed flows;
/// drain <see cref="TryTake"/> after every call and wake it at <see cref="NextDeadline"/>. What it sends and notes goes straight to the queue
/// it was given, in order with what its user puts there.
/// </summary>
/// <remarks>
/// It does by itself: 100 to an INVITE; repeats; ACK to 300-699; 200 or 481 to CANCEL; 482 to a merged request; 400, 416, 505, 513 to what
/// cannot be taken; 503 to an INVITE beyond the limit. Dialogs, authentication and routing are its user's.
/// </remarks>
public sealed partial class SipTransactions
{
    private readonly SipSettings _settings;
    private readonly Entropy _entropy;
    private readonly string _prefix;
    private readonly SipBranches _branches;
    private readonly Queue<SipOutput> _outputs;
    private readonly Queue<SipTransactionEvent> _events = new();
    private readonly TimerQueue<(SipTransaction Transaction, SipTransactionInput Timer)> _timers = new();
    private readonly Dictionary<(ulong Branch, bool Cancel), SipClientTransaction> _clients = [];
    private readonly Dictionary<byte[], SipServerTransaction> _servers = new(SipKeyComparer.Instance);
    private readonly Dictionary<byte[], SipServerTransaction> _merges = new(SipKeyComparer.Instance);
    private readonly Dictionary<UInt128, int> _pendingInvites = [];
    private readonly SourceGuard _guard;
    private readonly SipWriter _writer = new();
    private readonly TimeSpan _timeout;
    private readonly TimeSpan _tryingDelay;
    private readonly StatelessResponder _stateless;
    private long _number;

    /// <summary>A layer.</summary>
    /// <param name="settings">Timers, listeners, limits.</param>
    /// <param name="entropy">For branches and tags; forked, so that the caller's draws do not depend on ours.</param>
    /// <param name="outputs">Takes Send, Received and Noted.</param>
    /// <param name="prefix">
    /// Put between the magic cookie and the random part of each branch, and before each tag, so that responses and requests inside
    /// dialogs name their shard; token characters.
    /// </param>
    public SipTransactions(SipSettings settings, Entropy entropy, Queue<SipOutput> outputs, string prefix = "")
        : this(settings, entropy, outputs, prefix, new SourceGuard(settings.Admission, 0))
    {
    }

    internal SipTransactions(SipSettings settings, Entropy entropy, Queue<SipOutput> outputs, string prefix, SourceGuard guard)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(entropy);
        _settings = settings;
        _entropy = entropy.Fork();
        _prefix = prefix;
        _branches = new SipBranches(settings, _entropy, prefix);
        _outputs = outputs;
        _guard = guard;
        _timeout = 64 * settings.T1;
        _tryingDelay = TimeUntilT2(settings);
        _stateless = new StatelessResponder(_entropy);
    }

    /// <summary>When <see cref="FireDue"/> wants to be called; null for never.</summary>
    public Instant? NextDeadline => _timers.NextDeadline;

    /// <summary>Client transactions in any state.</summary>
    public int ClientCount => _clients.Count;

    /// <summary>Server transactions in any state.</summary>
    public int ServerCount => _servers.Count;

    /// <summary>Hosts that have INVITEs without a final answer.</summary>
    internal int PendingSources => _pendingInvites.Count;

    /// <summary>Takes the next event.</summary>
    public bool TryTake([NotNullWhen(true)] out SipTransactionEvent? evt) => _events.TryDequeue(out evt);

    /// <summary>Does everything that is due.</summary>
    public void FireDue(Instant now)
    {
        while (_timers.TryTakeDue(now, out var due)) Drive(due.Transaction, due.Timer, null, now);
    }

    /// <summary>Reads one whole message from a peer that may talk to us (ask before calling).</summary>
    public void Receive(ReadOnlySpan<byte> message, SipFlow flow, Instant now)
    {
        var error = SipMessage.TryParse(message, new SipLimits(_settings.MaxMessageBytes, _settings.MaxHeaders), out var read);
        if (error == SipParseError.Empty) return;
        if (error != SipParseError.None)
        {
            Note(new SipNote.ParseFailed(error));
            if (read is not null) RespondStatelessly(read, flow, SipParseErrors.StatusOf(error), SipParseErrors.PhraseOf(error));
        }
        else if (read!.IsRequest)
        {
            ReceiveRequest(read, flow, now);
        }
        else
        {
            ReceiveResponse(read, flow, now);
        }
    }

    /// <summary>A send failed or a connection ended: what depends on that flow is told, in order of creation.</summary>
    public void FlowFailed(SipFlow flow, Instant now)
    {
        var hit = new List<SipTransaction>();
        foreach (var transaction in _clients.Values)
        {
            if (Uses(transaction, flow)) hit.Add(transaction);
        }

        foreach (var transaction in _servers.Values)
        {
            if (Uses(transaction, flow)) hit.Add(transaction);
        }

        hit.Sort(static (left, right) => left.Number.CompareTo(right.Number));
        foreach (var transaction in hit)
        {
            if (transaction.IsTerminated) continue;
            if (transaction is SipServerTransaction { Fallback: { } fallback } server) Redirect(server, fallback);
            else Drive(transaction, SipTransactionInput.TransportError, null, now);
        }
    }

    private static bool Uses(SipTransaction transaction, SipFlow failed)
    {
        var flow = transaction.Flow;
        if (flow.Transport != failed.Transport || flow.Remote != failed.Remote) return false;
        // Two domains at one address have a TLS connection each.
        if (flow.Domain is { } domain && failed.Domain is { } other && domain != other) return false;
        return flow.Transport == SipTransport.Udp
            ? failed.Local.IsNone || flow.Local == failed.Local
            : flow.Connection == 0 || failed.Connection == 0 || flow.Connection == failed.Connection;
    }

    // §17.2.1, RFC 4320 §4.1: T1, 2*T1, 4*T1… until the interval has grown to T2.
    private static TimeSpan TimeUntilT2(SipSettings settings)
    {
        var sum = TimeSpan.Zero;
        for (var interval = settings.T1; interval < settings.T2; interval *= 2) sum += interval;
        return sum;
    }

    private void Note(SipNote note) => _outputs.Enqueue(new SipOutput.Noted(note));

    private void Emit(SipTransaction transaction, ReadOnlyMemory<byte> message, bool isRetransmission)
    {
        _outputs.Enqueue(new SipOutput.Send(transaction.Flow, message, transaction.SipCallId, isRetransmission));
        if (isRetransmission) Note(new SipNote.Retransmitted(SipMethods.NameOf(transaction.Method)));
    }

    private void Trace(SipMessage message, SipFlow flow)
    {
        if (_settings.Trace) _outputs.Enqueue(new SipOutput.Received(flow, message.Bytes, message.CallIdText));
    }
}
