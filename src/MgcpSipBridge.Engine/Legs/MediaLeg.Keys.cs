namespace MgcpSipBridge.Engine;

/// <content>Keys that are used up.</content>
internal sealed partial class MediaLeg
{
    /// <summary>Whether our next description to the peer has another key, whoever asks for it.</summary>
    public bool RenewsKey => _crypto.IsOld;

    /// <summary>
    /// A key of the peer's side comes to its end, or has: the peer is offered another of ours, and may answer with another of its own. Asked for again at the very end, should the first
    /// offer have been refused.
    /// </summary>
    public void OnKeyAged(bool ended)
    {
        core.Note(new EngineNote.SrtpKeyAged(call.Name, ended));
        if (_passesFax || !IsEncrypted) return;
        _crypto.Renew();
        call.Peer.Describe();
    }
}
