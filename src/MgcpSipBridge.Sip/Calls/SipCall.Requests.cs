using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>Requests of ours inside the call's dialogs.</summary>
internal sealed partial class SipCall
{
    private readonly Dictionary<ClientRequest, Asked> _asked = [];

    private SipIdentity? _identified;

    /// <summary>What became of a request: its final response, or none and the status that stands for that (RFC 3261 §8.1.3.1).</summary>
    private delegate void Outcome(ClientRequest request, SipMessage? response, int status, Instant now);

    private sealed record Asked(Dialog Dialog, Outcome Done);

    private ClientRequest Ask(
        SipMethod method, Dialog dialog, Instant now, Outcome done, ImmutableArray<(SipHeader, string)> headers, ReadOnlyMemory<byte> body = default, string contentType = SipCore.Sdp)
    {
        var (uri, routes, nextHop) = dialog.Path();
        var state = dialog.State;
        var refreshes = method is SipMethod.Invite or SipMethod.Update or SipMethod.Refer;
        var draft = new RequestDraft
        {
            Method = method,
            Uri = uri,
            Routes = routes,
            From = state.Local,
            To = state.Remote,
            CallId = state.CallId,
            Sequence = dialog.NextSequence(),
            ContactUser = refreshes ? _contactUser : null,
            Headers = refreshes ? [(SipHeader.Allow, SipCore.Allow), (SipHeader.Supported, _core.Supported), .. headers] : headers,
            MayUseStream = routes.IsEmpty && SipCore.HopOf(nextHop).Transport is null,
            Body = body,
            ContentType = contentType,
        };
        var request = new ClientRequest(_core, this, draft, _core.Accounts.For(_account, Peer), dialog.NextSequence);
        _asked[request] = new Asked(dialog, done);
        WithFlows(nextHop, now, request.Start);
        return request;
    }

    private void OnReply(ClientRequest request, SipMessage? response, int status, Instant now)
    {
        if (_asked.Remove(request, out var asked)) asked.Done(request, response, status, now);
        else if (response is { Status: < 300 } && request.Draft.Method == SipMethod.Invite) Reacknowledge(request, response);
        Settle();
    }

    /// <summary>Tells the engine who is there, if the peer says so and it is news.</summary>
    private void Identify(SipMessage message)
    {
        if (_core.Peers.Find(Peer) is not { } peer || Identity.ConnectedOf(message, peer.Model) is not { } who || who == _identified) return;
        _identified = who;
        _core.Raise(new SipEvent.PeerIdentified(Handle, who));
    }

    /// <summary>
    /// Whether a status says that the dialog is no more (§12.2.1.2): 481, 408, or no answer at all. The call ends then.
    /// </summary>
    private bool EndsDialog(SipMessage? response, int status, Instant now)
    {
        if (status is not (408 or 481) && response is not null) return false;
        _end = new SipEnd(status, response?.ReasonQ850 ?? 0, Local: response is null);
        Step(SipCallInput.DialogLost, now);
        return true;
    }
}
