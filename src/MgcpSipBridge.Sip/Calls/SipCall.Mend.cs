using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>An INVITE of ours that is refused and can be mended: another target (3xx), a longer session (422), a demanded extension (421), a better moment (491).</summary>
internal sealed partial class SipCall
{
    private const int MostRedirections = 5;

    private readonly Queue<(string Uri, ImmutableArray<(string, string)> Carried)> _targets = new();
    private readonly HashSet<string> _tried = new(StringComparer.Ordinal);
    private int _redirections;
    private bool _demanded;
    private bool _hasWaited;
    private SipMessage? _redirector;

    /// <summary>Asks once more, in another way; false when there is none.</summary>
    private bool TryMend(SipMessage response, Instant now)
    {
        if (_state is not (SipCallState.Calling or SipCallState.Proceeding)) return false;
        switch (response.Status)
        {
            case 422 when TakeMinimum(response):
                Again(_invite!.Draft with { Headers = Replaced(_invite.Draft.Headers, SessionHeaders()) }, _invite.Flows, now);
                return true;

            // RFC 3261 §21.4.16: what we can do, we may be made to promise.
            case 421 when !_demanded && Demanded(response) is { Length: > 0 } tags:
                _demanded = true;
                Again(_invite!.Draft with { Headers = _invite.Draft.Headers.Add((SipHeader.Require, tags)) }, _invite.Flows, now);
                return true;

            // Two INVITEs have met (§14.1, as if the dialog stood already): we own the Call-ID, so we wait 2.1 to 4 s, and that once.
            case 491 when !_hasWaited && _targets.Count == 0:
                _hasWaited = true;
                SetTimer(SipTimer.RetryInvite, now + TimeSpan.FromMilliseconds(10 * (210 + _core.Entropy.Next(191))));
                return true;

            case >= 300 and < 400 and not 380:
                TakeTargets(response);
                return TryNextTarget(now);

            // §8.1.3.4: another of the redirection's targets, unless the callee refused for all of them.
            case < 600:
                return TryNextTarget(now);

            default:
                return false;
        }
    }

    /// <summary>
    /// The contacts of a redirection, the highest q first (§8.1.3.4), those that were tried left out; only at hosts that we may call.
    /// </summary>
    private void TakeTargets(SipMessage response)
    {
        if (++_redirections > MostRedirections) return;
        _tried.Add(NameOf(_invite!.Draft.Uri));
        var found = new List<(string Uri, ImmutableArray<(string, string)> Carried, double Q)>();
        foreach (var value in response.Values(SipHeader.Contact))
        {
            if (!SipAddress.TryParse(value, out var contact) || !SipUri.TryParse(contact.Uri, out var uri) || uri.Scheme is not (SipUriScheme.Sip or SipUriScheme.Sips)) continue;
            if (!MayCall(uri)) continue;
            var text = Encoding.UTF8.GetString(contact.Uri);
            // Other headers of the URI are a wish that no peer gets fulfilled: they could say anything (§19.1.5).
            var question = text.IndexOf('?', StringComparison.Ordinal);
            if (question >= 0) text = text[..question];
            if (_tried.Add(NameOf(text))) found.Add((text, UriHeaders.Carried(uri), WeightOf(contact)));
        }

        foreach (var (uri, carried, _) in found.OrderByDescending(target => target.Q)) _targets.Enqueue((uri, carried));
        _redirector = response;
    }

    private bool TryNextTarget(Instant now)
    {
        if (_state is not (SipCallState.Calling or SipCallState.Proceeding) || !_targets.TryDequeue(out var target)) return false;
        var (uri, carried) = target;
        var hop = SipCore.HopOf(uri);
        var headers = _invite!.Draft.Headers.RemoveAll(header => header.Item1 is SipHeader.Diversion or SipHeader.HistoryInfo);
        // Who sent the call on tells why (RFC 5806 §3, RFC 7044 §7).
        if (_redirector is { } redirector)
        {
            foreach (var header in (ReadOnlySpan<SipHeader>)[SipHeader.Diversion, SipHeader.HistoryInfo])
            {
                foreach (var value in redirector.Lines(header)) headers = headers.Add((header, Encoding.UTF8.GetString(value)));
            }
        }

        var draft = _invite.Draft with { Uri = uri, Headers = headers, Carried = carried.IsEmpty ? _invite.Draft.Carried : carried, Routes = [], MayUseStream = hop.Transport is null, LeadsOn = _leadsOn || _targets.Count > 0 };
        _core.Names.Find(hop, now, (targets, at) =>
        {
            if (_state is SipCallState.Calling or SipCallState.Proceeding) Again(draft, _core.FlowsTo(targets), at);
            else if (_state == SipCallState.Cancelling) OnFailure(new SipEnd(487, Local: true), at);
        });
        return true;
    }

    private void AskOnceMore(Instant now)
    {
        if (_state is SipCallState.Calling or SipCallState.Proceeding) Again(_invite!.Draft, _invite.Flows, now);
        else if (_state == SipCallState.Cancelling) OnFailure(new SipEnd(487, Local: true), now);
    }

    /// <summary>The next INVITE of the call: same Call-ID, To and From, the next number (§8.1.3.4).</summary>
    private void Again(RequestDraft draft, ImmutableArray<SipFlow> flows, Instant now)
    {
        CloseEarlyDialogs();
        var host = SipUri.TryParse(Encoding.UTF8.GetBytes(draft.Uri), out var uri) ? PeerOf(uri) : null;
        // A password is shown to its own peer alone.
        var account = host is null ? null : _core.Accounts.For(_account, host.Model.Name);
        _invite = new ClientRequest(_core, this, draft with { Sequence = draft.Sequence + 1 }, account);
        _invite.Start(flows, now);
    }

    private bool MayCall(SipUri uri) =>
        PeerOf(uri) is not null || _core.Settings.RedirectHosts.Contains(uri.HostText.ToLowerInvariant());

    private SipPeer? PeerOf(SipUri uri)
    {
        var host = uri.HostText;
        foreach (var peer in _core.Peers.All)
        {
            if (peer.Hops.Any(hop => hop.Host.Equals(host, StringComparison.OrdinalIgnoreCase))) return peer;
        }

        return uri.TryGetAddress(5060, out var address) ? _core.Peers.At(address) : null;
    }

    // §20.10: without a q the highest.
    private static double WeightOf(SipAddress contact) =>
        double.TryParse(contact.Parameters.TextOf("q"u8), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var q) ? q : 1;

    private string Demanded(SipMessage response)
    {
        var tags = new List<string>();
        foreach (var value in response.Values(SipHeader.Require))
        {
            var tag = Encoding.ASCII.GetString(value);
            if (!_core.Supports(tag)) return "";
            tags.Add(tag);
        }

        return string.Join(", ", tags);
    }

    private static ImmutableArray<(SipHeader, string)> Replaced(ImmutableArray<(SipHeader Header, string)> headers, ImmutableArray<(SipHeader Header, string)> by) =>
        [.. headers.Where(header => !by.Any(other => other.Header == header.Header)), .. by];

    private static string NameOf(string uri) =>
        SipUri.TryParse(Encoding.UTF8.GetBytes(uri), out var parsed) ? $"{parsed.UserText}@{parsed.HostText.ToLowerInvariant()}:{parsed.Port}" : uri;
}
