using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>Who sent a command and wants to know what became of it. Exactly one of the first two is called, once.</summary>
internal interface IAnswerTarget
{
    /// <summary>The final answer.</summary>
    void Answered(OutgoingTransaction transaction, in MgcpResponse response, Instant now);

    /// <summary>No final answer; the outcome is unknown.</summary>
    void Unanswered(OutgoingTransaction transaction, Instant now);

    /// <summary>A final answer to a command that had been given up.</summary>
    void AnsweredLate(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
    }
}

/// <summary>One command of the engine's that ends with its transaction.</summary>
internal interface ICommandTarget : IAnswerTarget
{
    /// <summary>The gateway left the configuration or its place: nothing will come of it, and the engine is told.</summary>
    void Drop();
}

/// <summary>For commands whose outcome nobody waits for.</summary>
internal sealed class Indifferent : IAnswerTarget
{
    public static readonly Indifferent Instance = new();

    /// <inheritdoc/>
    public void Answered(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
    }

    /// <inheritdoc/>
    public void Unanswered(OutgoingTransaction transaction, Instant now)
    {
    }
}

/// <summary>One of our commands on its way.</summary>
internal sealed class OutgoingTransaction(
    uint id, MgcpVerb verb, Gateway gateway, EndpointId? subject, IAnswerTarget target, byte[] datagram, int repeatLimit)
{
    public uint Id { get; } = id;

    public MgcpVerb Verb { get; } = verb;

    public Gateway Gateway { get; } = gateway;

    public EndpointId? Subject { get; } = subject;

    public IAnswerTarget Target { get; } = target;

    /// <summary>What is sent again: the command, and the answers that shared its datagram (§3.5.5, fate sharing).</summary>
    public byte[] Datagram { get; set; } = datagram;

    /// <summary>Retransmissions after which it is given up (Max2, §4.3).</summary>
    public int RepeatLimit { get; } = repeatLimit;

    /// <summary>Where it went: the only address an answer is taken from.</summary>
    public NetAddress To { get; set; }

    /// <summary>Addresses of the gateway that it was sent to (§4.3).</summary>
    public int AddressesTried { get; private set; } = 1;

    /// <summary>How many times it was sent to others than the present one.</summary>
    public int SentElsewhere { get; private set; }

    /// <summary>Retransmissions to the present address.</summary>
    public int RepeatsHere => Repeats - SentElsewhere;

    /// <summary>When it was sent; while it waits for its turn at an overloaded gateway, when it was to be sent.</summary>
    public Instant FirstSent { get; set; }

    /// <summary>Whether it waits for its turn and never was on the wire.</summary>
    public bool IsHeld { get; set; }

    /// <summary>The call that a connection command is about, for whoever has to clean up after a late answer (§2.3.7 wants it beside I:).</summary>
    public string? CallId { get; set; }

    /// <summary>Whether it is a connection command that says who is to be notified, by N: and for no request's sake.</summary>
    public bool NamesEntity { get; set; }

    public int Repeats { get; set; }

    /// <summary>T-DELAY, doubled by every retransmission (§3.5.3).</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>The timer that runs now.</summary>
    public TimeSpan Timer { get; set; }

    /// <summary>A provisional answer came: only LONGTRAN repeats, then patience until 2*T-HIST (§3.5.6).</summary>
    public bool IsProvisional { get; set; }

    /// <summary>Given up: its owner was told; kept until 2*T-HIST to recognise a late answer.</summary>
    public bool IsAbandoned { get; set; }

    /// <summary>From now on it goes to another address, where counting begins anew (§4.3).</summary>
    public void MoveTo(NetAddress address)
    {
        To = address;
        AddressesTried++;
        SentElsewhere = Repeats + 1;
    }
}
