using System.Collections.Immutable;
using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>
/// A dialog (RFC 3261 §12): what a request inside it is made of. Its texts are kept as they go on the wire. Everything that another node
/// would need to take the call over is in <see cref="SipDialogState"/>.
/// </summary>
internal sealed class Dialog
{
    private uint? _lastRSeq;

    private Dialog(SipDialogState state, bool confirmed)
    {
        State = state;
        IsConfirmed = confirmed;
    }

    public SipDialogState State { get; private set; }

    public bool IsConfirmed { get; private set; }

    public string RemoteTag => State.RemoteTag;

    /// <summary>Whether an offer was answered in it before the 2xx, in reliable provisional responses (RFC 3262 §5).</summary>
    public bool IsDescribed { get; set; }

    /// <summary>A UAC's dialog from a 1xx with a To tag or a 2xx (§12.1.2). The INVITE's Request-URI stands in for a missing Contact.</summary>
    public static Dialog OfResponse(SipMessage response, string localTag, string requestUri)
    {
        var state = new SipDialogState
        {
            CallId = response.CallIdText,
            LocalTag = localTag,
            RemoteTag = Encoding.ASCII.GetString(response.ToTag),
            Local = Encoding.UTF8.GetString(response.First(SipHeader.From)),
            Remote = Encoding.UTF8.GetString(response.First(SipHeader.To)),
            LocalSequence = response.CSeqNumber,
            RemoteSequence = null,
            Target = ContactOf(response) ?? requestUri,
            Routes = [.. RecordRoutes(response).Reverse()],
            AllowsUpdate = response.Lists(SipHeader.Allow, "UPDATE"u8),
        };
        return new Dialog(state, response.Status >= 200);
    }

    /// <summary>A UAS's dialog from a request (§12.1.1); confirmed when the 2xx goes out.</summary>
    public static Dialog OfRequest(SipMessage request, string localTag)
    {
        var from = request.From;
        var state = new SipDialogState
        {
            CallId = request.CallIdText,
            LocalTag = localTag,
            RemoteTag = Encoding.ASCII.GetString(request.FromTag),
            Local = $"{Encoding.UTF8.GetString(request.First(SipHeader.To))};tag={localTag}",
            Remote = Encoding.UTF8.GetString(request.First(SipHeader.From)),
            LocalSequence = 0,
            RemoteSequence = request.CSeqNumber,
            Target = ContactOf(request) ?? Encoding.UTF8.GetString(from.Uri),
            Routes = RecordRoutes(request),
            AllowsUpdate = request.Lists(SipHeader.Allow, "UPDATE"u8),
        };
        return new Dialog(state, confirmed: false);
    }

    /// <summary>
    /// The 2xx of an early dialog: it is confirmed, and route set and target are taken anew from it, since early ones come from
    /// elements that may not have been record-routing by the rules of RFC 2543 (§13.2.2.4).
    /// </summary>
    public void Confirm(SipMessage response)
    {
        IsConfirmed = true;
        State = State with
        {
            Target = ContactOf(response) ?? State.Target,
            Routes = [.. RecordRoutes(response).Reverse()],
            LocalSequence = Math.Max(State.LocalSequence, response.CSeqNumber),
        };
        LearnMethods(response);
    }

    /// <summary>Our 2xx went out.</summary>
    public void Confirm() => IsConfirmed = true;

    /// <summary>Takes a request's place in the peer's order; false when it is older than what came before: 500 (§12.2.2).</summary>
    public bool TryTakeSequence(uint number)
    {
        if (State.RemoteSequence is { } last && number < last) return false;
        State = State with { RemoteSequence = number };
        return true;
    }

    /// <summary>A target refresh by the peer's re-INVITE or UPDATE, or its 2xx to ours (§12.2).</summary>
    public void Refresh(SipMessage message)
    {
        if (ContactOf(message) is { } target) State = State with { Target = target };
        LearnMethods(message);
    }

    /// <summary>Takes a reliable response's place: the first may have any number, each next one is one more (RFC 3262 §4). False for any other.</summary>
    public bool TryTakeReliable(uint number)
    {
        if (_lastRSeq is { } last && number != last + 1) return false;
        _lastRSeq = number;
        return true;
    }

    /// <summary>The number for a new request of ours (not for ACK and CANCEL).</summary>
    public uint NextSequence()
    {
        State = State with { LocalSequence = State.LocalSequence + 1 };
        return State.LocalSequence;
    }

    /// <summary>Request-URI, Route values and the URI of the next hop (§12.2.1.1).</summary>
    public (string Uri, ImmutableArray<string> Routes, string NextHop) Path()
    {
        if (State.Routes.IsEmpty) return (State.Target, [], State.Target);
        var first = UriOf(State.Routes[0]);
        if (SipUri.TryParse(Encoding.UTF8.GetBytes(first), out var uri) && uri.IsLooseRouter) return (State.Target, State.Routes, first);
        // A strict router wants itself in the Request-URI, and the target at the end of the route.
        return (first, [.. State.Routes.Skip(1), $"<{State.Target}>"], first);
    }

    private void LearnMethods(SipMessage message)
    {
        if (message.Has(SipHeader.Allow)) State = State with { AllowsUpdate = message.Lists(SipHeader.Allow, "UPDATE"u8) };
    }

    private static string? ContactOf(SipMessage message)
    {
        var contact = message.AddressOf(SipHeader.Contact);
        return contact.Uri.IsEmpty ? null : Encoding.UTF8.GetString(contact.Uri);
    }

    private static ImmutableArray<string> RecordRoutes(SipMessage message)
    {
        var routes = ImmutableArray.CreateBuilder<string>();
        foreach (var value in message.Values(SipHeader.RecordRoute)) routes.Add(Encoding.UTF8.GetString(value));
        return routes.DrainToImmutable();
    }

    /// <summary>The URI of a route value.</summary>
    public static string UriOf(string route) =>
        SipAddress.TryParse(Encoding.UTF8.GetBytes(route), out var address) ? Encoding.UTF8.GetString(address.Uri) : route;
}

/// <summary>The state of a dialog (RFC 3261 §12), complete and immutable: what has to survive a change of node.</summary>
internal sealed record SipDialogState
{
    /// <summary>Call-ID.</summary>
    public required string CallId { get; init; }

    /// <summary>Our tag.</summary>
    public required string LocalTag { get; init; }

    /// <summary>The peer's tag; empty for a peer of RFC 2543's time (§12.1.1).</summary>
    public required string RemoteTag { get; init; }

    /// <summary>From of our requests, tag included.</summary>
    public required string Local { get; init; }

    /// <summary>To of our requests, tag included.</summary>
    public required string Remote { get; init; }

    /// <summary>CSeq number of our last request.</summary>
    public required uint LocalSequence { get; init; }

    /// <summary>CSeq number of the peer's last request; null before the first.</summary>
    public required uint? RemoteSequence { get; init; }

    /// <summary>Where our requests go: the peer's Contact.</summary>
    public required string Target { get; init; }

    /// <summary>Route set in the order of our requests, each a name-addr.</summary>
    public required ImmutableArray<string> Routes { get; init; }

    /// <summary>Whether the peer's Allow lists UPDATE.</summary>
    public bool AllowsUpdate { get; init; }
}
