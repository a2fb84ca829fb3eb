using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Engine;

/// <summary>A client that has offered to route calls, and which of them.</summary>
/// <param name="Id">Its own; greater than that of every router before it.</param>
/// <param name="Name">Its name.</param>
public sealed record RouterModel(long Id, string Name)
{
    /// <summary>The highest is asked; of equal ones the newest.</summary>
    public int Priority { get; init; }

    /// <summary>Whether it routes calls that lines make.</summary>
    public bool FromLines { get; init; } = true;

    /// <summary>Whether it routes calls that peers make.</summary>
    public bool ToLines { get; init; }

    /// <summary>Numbers of lines, names of gateways, or <c>gateway/endpoint</c> (in lower case); empty: all.</summary>
    public ImmutableHashSet<string> Lines { get; init; } = [];

    /// <summary>What called numbers begin with; empty: with anything.</summary>
    public ImmutableArray<string> Prefixes { get; init; } = [];

    internal bool Wants(RouterQuestion question) =>
        (question.FromLine ? FromLines : ToLines)
        && (Lines.IsEmpty || (question.Line is { } line && Lines.Contains(line)) || (question.Gateway is { } gateway && (Lines.Contains(gateway) || Lines.Contains($"{gateway}/{question.Endpoint?.ToLowerInvariant()}"))))
        && (Prefixes.IsEmpty || Prefixes.Any(prefix => question.Number.StartsWith(prefix, StringComparison.Ordinal)));
}

/// <summary>A call that somebody is to route.</summary>
/// <param name="FromLine">Whether a line makes it, else a peer.</param>
/// <param name="CallId">The call's id; for a peer's, which is none yet, the one that it will have.</param>
/// <param name="Line">Number of the line that calls, or that would ring; null when none would.</param>
/// <param name="Gateway">The line's gateway.</param>
/// <param name="Endpoint">Its endpoint there.</param>
/// <param name="Peer">The peer that calls; null when a line does.</param>
/// <param name="Number">The called number.</param>
/// <param name="Caller">The caller's number; empty when it is withheld.</param>
/// <param name="CallerName">The caller's name; null for none.</param>
public sealed record RouterQuestion(bool FromLine, string CallId, string? Line, string? Gateway, string? Endpoint, string? Peer, string Number, string Caller, string? CallerName);

/// <summary>What a router says of a call.</summary>
public abstract record RouterDecision
{
    private RouterDecision()
    {
    }

    /// <summary>It leaves the call to the routes.</summary>
    public sealed record Pass : RouterDecision
    {
        /// <summary>The only one.</summary>
        public static readonly Pass Instance = new();
    }

    /// <summary>Where it goes.</summary>
    /// <param name="Peers">Peers to try in order; empty: as the routes have it for <paramref name="Number"/>. Always empty for a call to a line.</param>
    /// <param name="Number">The called number, or for a call to a line what it means; null: as it was.</param>
    /// <param name="Caller">The caller's number as the other side shall see it; null: as it was.</param>
    public sealed record Route(ImmutableArray<string> Peers, string? Number, string? Caller) : RouterDecision;

    /// <summary>It is refused.</summary>
    /// <param name="Q850">The cause of Q.850, 1 to 127.</param>
    public sealed record Reject(int Q850) : RouterDecision;

    /// <summary>
    /// The bridge answers it itself, and the client goes on with it: it plays, collects digits and routes it on (<see cref="EngineQuery.RouteOn"/>): a line's call to wherever the
    /// routes lead, a peer's to a line.
    /// </summary>
    public sealed record Attend : RouterDecision
    {
        /// <summary>The only one.</summary>
        public static readonly Attend Instance = new();
    }

    /// <summary>More digits are to be dialled; only for a call that a line makes.</summary>
    public sealed record MoreDigits : RouterDecision
    {
        /// <summary>The only one.</summary>
        public static readonly MoreDigits Instance = new();
    }
}

/// <summary>What came of asking a router.</summary>
public enum RoutingResult
{
    /// <summary>It routed the call, refused it or wanted more digits.</summary>
    Answered,

    /// <summary>It left the call to the routes.</summary>
    None,

    /// <summary>It did not answer in time; the routes decided.</summary>
    Timeout,

    /// <summary>It left before it answered; the routes decided.</summary>
    Left,

    /// <summary>What it said cannot be done; the routes decided.</summary>
    Invalid,

    /// <summary>The call was given up meanwhile.</summary>
    Abandoned,

    /// <summary>It answered when the call had been decided or given up already.</summary>
    Late,

    /// <summary>It was not asked: it has too many questions to answer, or has just left several unanswered and is being tried with another call. The routes decided at once.</summary>
    Busy,
}

/// <summary>A question that waits for its answer: all that is needed to go on with the call, here or elsewhere.</summary>
/// <param name="Query">Its number.</param>
/// <param name="Router">Who was asked.</param>
/// <param name="Asked">When.</param>
/// <param name="Question">What.</param>
/// <param name="Incoming">The peer's call that waits; null when a line's call does.</param>
internal sealed record PendingRouting(long Query, RouterDesk.Asked Router, Instant Asked, RouterQuestion Question, Sip.SipEvent.IncomingCall? Incoming);
