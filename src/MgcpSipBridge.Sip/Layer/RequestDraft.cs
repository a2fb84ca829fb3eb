using System.Collections.Immutable;

namespace MgcpSipBridge.Sip;

/// <summary>A request of ours without what changes from attempt to attempt: Via, Contact's host, credentials.</summary>
internal sealed record RequestDraft
{
    /// <summary>Method.</summary>
    public required SipMethod Method { get; init; }

    /// <summary>Request-URI; also the digest-uri.</summary>
    public required string Uri { get; init; }

    /// <summary>From, tag included.</summary>
    public required string From { get; init; }

    /// <summary>To, with the tag inside a dialog.</summary>
    public required string To { get; init; }

    /// <summary>Call-ID.</summary>
    public required string CallId { get; init; }

    /// <summary>CSeq number; a challenge moves it on (RFC 3261 §8.1.3.5).</summary>
    public required uint Sequence { get; init; }

    /// <summary>Route values.</summary>
    public ImmutableArray<string> Routes { get; init; } = [];

    /// <summary>User part of Contact; null for a request without one.</summary>
    public string? ContactUser { get; init; }

    /// <summary>Header parameters of Contact, from their ';' on.</summary>
    public string ContactParameters { get; init; } = "";

    /// <summary>Credentials that are not computed but repeated: those of the INVITE in its ACK (§13.2.2.4).</summary>
    public IReadOnlyList<AuthorizationHeader> Credentials { get; init; } = [];

    /// <summary>Other headers, in order.</summary>
    public ImmutableArray<(SipHeader Header, string Value)> Headers { get; init; } = [];

    /// <summary>Headers of somebody else's that travel on, in order, after those.</summary>
    public ImmutableArray<(string Name, string Value)> Carried { get; init; } = [];

    /// <summary>Whether it may go over TCP when it is too large for a datagram: its next hop's URI names no transport.</summary>
    public bool MayUseStream { get; init; }

    /// <summary>Whether somebody calls for help.</summary>
    public bool Urgent { get; init; }

    /// <summary>How long a server that says nothing at all is waited for while another one is left; zero for as long as RFC 3261 has it (Timer B).</summary>
    public TimeSpan Patience { get; init; }

    /// <summary>Whether there is another place to try after the last of its own.</summary>
    public bool LeadsOn { get; init; }

    /// <summary>The body; empty for none.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Its media type.</summary>
    public string ContentType { get; init; } = SipCore.Sdp;
}
