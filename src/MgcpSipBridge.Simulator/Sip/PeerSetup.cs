using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <summary>An account of the simulated registrar.</summary>
public sealed record PeerAccount(string User, string Password);

/// <summary>Which digest algorithms a simulated peer challenges with, best first (RFC 8760 §2.4).</summary>
public enum PeerChallenge
{
    /// <summary>It trusts everyone.</summary>
    None,

    /// <summary>MD5 without qop (RFC 2069's form, RFC 3261 §22.4).</summary>
    OldMd5,

    /// <summary>MD5 with qop=auth.</summary>
    Md5,

    /// <summary>SHA-256 with qop=auth.</summary>
    Sha256,

    /// <summary>SHA-256 first, MD5 after it, in two challenges.</summary>
    Both,
}

/// <summary>How a simulated SIP peer is installed.</summary>
public sealed record PeerSetup
{
    /// <summary>Its name in ladders.</summary>
    public string Name { get; init; } = "pbx";

    /// <summary>Where it sends SIP from and listens, usually port 5060.</summary>
    public required NetAddress Address { get; init; }

    /// <summary>RTP addresses for its calls, taken in turn; one per simultaneous call.</summary>
    public ImmutableArray<NetAddress> Media { get; init; } = [];

    /// <summary>Whether its phones really send and hear RTP.</summary>
    public bool Audio { get; init; }

    /// <summary>Whether it encrypts audio.</summary>
    public PeerSrtp Srtp { get; init; }

    /// <summary>How long it says that its keys live (RFC 4568 §6.1): <c>2^20</c>; empty for nothing. It then answers every new key of the line's with a new one.</summary>
    public string KeyLifetime { get; init; } = "";

    /// <summary>Authentication realm.</summary>
    public string Realm { get; init; } = "pbx.example.net";

    /// <summary>Accounts that may register and call.</summary>
    public ImmutableArray<PeerAccount> Accounts { get; init; } = [];

    /// <summary>How REGISTER is challenged.</summary>
    public PeerChallenge ChallengeRegister { get; init; } = PeerChallenge.Md5;

    /// <summary>How INVITE is challenged (with 407).</summary>
    public PeerChallenge ChallengeInvite { get; init; } = PeerChallenge.None;

    /// <summary>How long a nonce is good; then it is stale. Zero: for ever.</summary>
    public TimeSpan NonceLife { get; init; }

    /// <summary>Longest registration granted.</summary>
    public TimeSpan RegisterExpires { get; init; } = TimeSpan.FromSeconds(3600);

    /// <summary>Shortest registration granted; a shorter wish is 423 (RFC 3261 §10.3). Zero: any.</summary>
    public TimeSpan RegisterMinimum { get; init; }

    /// <summary>
    /// Whether a number that is registered here and has no plan of its own is called on: a back-to-back user agent with one leg to each,
    /// their SDP passed through.
    /// </summary>
    public bool ConnectsLines { get; init; }

    /// <summary>How it treats reliable provisional responses (RFC 3262).</summary>
    public PeerExtension Reliable { get; init; }

    /// <summary>Session-Expires in seconds (RFC 4028); 0 for a peer without session timers.</summary>
    public int SessionExpires { get; init; }

    /// <summary>Whether the peer takes the refreshes on itself when it may choose.</summary>
    public bool PeerRefreshes { get; init; }

    /// <summary>Length of the packets that it asks for, in ms. It sends 20 ms all the same.</summary>
    public int Ptime { get; init; } = 20;

    /// <summary>Whether it takes T.38 in place of audio inside a call; else 488.</summary>
    public bool Fax { get; init; }

    /// <summary>Payload names it can speak, in order of preference.</summary>
    public ImmutableArray<string> Codecs { get; init; } = ["PCMU", "PCMA", "telephone-event"];
}

/// <summary>What the peer's phone with a certain number does when it is called. Times count from the INVITE unless they say otherwise.</summary>
public sealed record CalledPlan
{
    /// <summary>100 at once; with false the INVITE is not answered at all, not even by later steps (an unreachable peer).</summary>
    public bool Answers { get; init; } = true;

    /// <summary>180 after this; null for none.</summary>
    public TimeSpan? RingsAfter { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>183 with SDP after this (early media); null for none.</summary>
    public TimeSpan? EarlyMediaAfter { get; init; }

    /// <summary>A second early dialog (another To tag) rings after this; null for none.</summary>
    public TimeSpan? ForkRingsAfter { get; init; }

    /// <summary>200 after this, with SDP; null for never.</summary>
    public TimeSpan? AnswersAfter { get; init; }

    /// <summary>Whether the 200 comes from the forked dialog.</summary>
    public bool ForkAnswers { get; init; }

    /// <summary>Whether the 200 carries no SDP since the early media's was the answer.</summary>
    public bool AnswerWithoutDescription { get; init; }

    /// <summary>A final status other than 200 after <see cref="RejectAfter"/>; 0 for none.</summary>
    public int RejectWith { get; init; }

    /// <summary>Whether it is a fax server that takes nothing but T.38: any other INVITE is refused with 488.</summary>
    public bool OnlyFax { get; init; }

    /// <summary>When the rejection comes.</summary>
    public TimeSpan RejectAfter { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Q.850 cause in a Reason header of the rejection or BYE; 0 for none.</summary>
    public int Q850 { get; init; }

    /// <summary>Retry-After of the rejection in seconds; 0 for none.</summary>
    public int RetryAfter { get; init; }

    /// <summary>Warning of the rejection; null for none.</summary>
    public string? Warning { get; init; }

    /// <summary>BYE this long after the ACK; null for never.</summary>
    public TimeSpan? HangsUpAfter { get; init; }

    /// <summary>Rings at once and never answers.</summary>
    public static readonly CalledPlan NoAnswer = new();

    /// <summary>Rings, then answers.</summary>
    public static CalledPlan Answer(TimeSpan after) => new() { AnswersAfter = after };

    /// <summary>Refuses.</summary>
    public static CalledPlan Reject(int status, int q850 = 0) => new() { RingsAfter = null, RejectWith = status, Q850 = q850 };
}
