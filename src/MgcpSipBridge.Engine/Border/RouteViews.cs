using System.Collections.Immutable;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <summary>Why a route that a number begins like takes it, or does not.</summary>
public enum RouteVerdict
{
    /// <summary>It takes the number.</summary>
    Chosen,

    /// <summary>It shares with the chosen one, and is tried after it this time.</summary>
    Shares,

    /// <summary>One with a longer beginning takes the number.</summary>
    ShorterPrefix,

    /// <summary>One with a lower priority number takes it.</summary>
    LowerPriority,

    /// <summary>One that is for fewer lines, has an expression or a schedule takes it.</summary>
    LessParticular,

    /// <summary>One with an earlier name takes it.</summary>
    LaterName,

    /// <summary>It is not for this line.</summary>
    NotFromHere,

    /// <summary>It does not hold at this time.</summary>
    NotNow,

    /// <summary>The number is not as its expression says.</summary>
    Mismatch,
}

/// <summary>A route that a number begins like.</summary>
/// <param name="Route">Its name.</param>
/// <param name="Verdict">Why it takes the number, or does not.</param>
/// <param name="Beginning">How many symbols of the number its prefix, or what its expression begins with, has.</param>
public sealed record RouteCandidate(string Route, RouteVerdict Verdict, int Beginning);

/// <summary>One step of where a call would go.</summary>
/// <param name="Peer">The peer.</param>
/// <param name="State">Whether it answers.</param>
/// <param name="Route">The route that says so; empty when there are none.</param>
/// <param name="Number">The called number as the peer would see it.</param>
/// <param name="Caller">The caller's number as the peer would see it, "anonymous" where that is withheld; null when it is not known which line dials.</param>
/// <param name="Uri">Request-URI of the INVITE.</param>
public sealed record RouteStep(string Peer, SipPeerState State, string Route, string Number, string? Caller, string Uri);

/// <summary>Where a number would go, and why.</summary>
/// <param name="Route">The route that takes it; null for none, and when there are no routes at all.</param>
/// <param name="Judgement">What dialling makes of it.</param>
/// <param name="Service">The service code that it begins with; null for none. The rest is what is routed.</param>
/// <param name="Steps">What would be tried, in order; peers that are down come last. Empty with a peer that calls.</param>
/// <param name="Candidates">The routes that the number begins like, the first hundred.</param>
/// <param name="NotShown">Further ones.</param>
/// <param name="Line">Number of the line that a peer's call would ring; null for none, and when a line dials.</param>
/// <param name="Number">The number after rewriting: as the first peer would see it, or by which a line is looked for.</param>
/// <param name="Caller">The caller's number after rewriting: as the first peer would see it, or as the line would be told of it; null when none is known.</param>
public sealed record RouteTestView(
    string? Route,
    DialJudgement Judgement,
    ServiceAction? Service,
    ImmutableArray<RouteStep> Steps,
    ImmutableArray<RouteCandidate> Candidates,
    int NotShown,
    string? Line,
    string Number,
    string? Caller);
