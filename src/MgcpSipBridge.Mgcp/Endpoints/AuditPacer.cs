using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// Paces the audits of all gateways together (RFC 3435 §4.4.8): so many a second, one of each gateway in turn, so that a thousand gateways that come
/// back at once neither flood the network nor slow the calls of others, and a large gateway does not keep a small one waiting.
/// </summary>
internal sealed class AuditPacer(MgcpAdmission admission, TimerQueue<AgentTimer> timers)
{
    /// <summary>The time between two helpings: short, so that who asks for dial tone between them waits for few audits.</summary>
    private static readonly TimeSpan Helping = TimeSpan.FromMilliseconds(5);

    /// <summary>What may begin at once after a pause is the rate's share of this.</summary>
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(40);

    private readonly Queue<AuditQueue> _ready = [];
    private TokenBucket _tokens;

    /// <summary>A gateway has an audit that may begin.</summary>
    public void Ready(AuditQueue queue, Instant now)
    {
        _ready.Enqueue(queue);
        Advance(now);
    }

    /// <summary>Begins what may begin now.</summary>
    public void Advance(Instant now)
    {
        var burst = Math.Max(8, admission.AuditsPerSecond * Burst.TotalSeconds);
        while (_ready.TryPeek(out var queue))
        {
            if (queue.MayBegin)
            {
                if (!_tokens.TryTake(now, admission.AuditsPerSecond, burst))
                {
                    timers.Set(new AgentTimer(AgentTimerKind.PaceAudits, this), now + Helping);
                    return;
                }

                _ready.Dequeue();
                queue.BeginOne(now);
                if (queue.MayBegin) _ready.Enqueue(queue);
                else queue.IsReady = false;
            }
            else
            {
                _ready.Dequeue();
                queue.IsReady = false;
            }
        }

        timers.Cancel(new AgentTimer(AgentTimerKind.PaceAudits, this));
    }
}

/// <summary>A gateway's audits: a few at a time, in order, so that a gateway with hundreds of lines is not flooded (RFC 3435 §4.4.8).</summary>
internal sealed class AuditQueue(AuditPacer pacer)
{
    /// <summary>Audits under way at once.</summary>
    private const int Window = 4;

    private readonly Queue<EndpointAuditor> _waiting = [];
    private readonly HashSet<EndpointAuditor> _members = [];
    private int _running;
    private bool _isHeld;

    /// <summary>Whether the pacer knows that there is something to begin.</summary>
    public bool IsReady { get; set; }

    /// <summary>Audits that wait, those called off meanwhile among them.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Whether an audit waits and may begin; those called off meanwhile are passed over.</summary>
    public bool MayBegin
    {
        get
        {
            while (_waiting.TryPeek(out var next) && !next.IsWaiting) _members.Remove(_waiting.Dequeue());
            return !_isHeld && _running < Window && _waiting.Count > 0;
        }
    }

    /// <summary>Runs an audit when its turn comes; one that waits already keeps its place.</summary>
    public void Enqueue(EndpointAuditor audit, Instant now)
    {
        if (_members.Add(audit)) _waiting.Enqueue(audit);
        Tell(now);
    }

    /// <summary>Several are about to be enqueued: none begins until all are there, so that it shows whether a bulk audit is worth it.</summary>
    public void Hold() => _isHeld = true;

    /// <summary>All are there.</summary>
    public void Release(Instant now)
    {
        _isHeld = false;
        Tell(now);
    }

    /// <summary>Forgets those that wait: the gateway is down.</summary>
    public void Clear()
    {
        _waiting.Clear();
        _members.Clear();
    }

    /// <summary>A running audit has ended, or was called off.</summary>
    public void Ended(Instant now)
    {
        _running--;
        Tell(now);
    }

    /// <summary>Begins the audit whose turn it is.</summary>
    public void BeginOne(Instant now)
    {
        var next = _waiting.Dequeue();
        _members.Remove(next);
        _running++;
        next.Run(now);
    }

    private void Tell(Instant now)
    {
        if (IsReady || !MayBegin) return;
        IsReady = true;
        pacer.Ready(this, now);
    }
}
