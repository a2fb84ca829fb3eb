namespace MgcpSipBridge.Engine;

/// <summary>
/// Which gateways go on by themselves after a NTFY when they are asked to (<c>Q: loop</c>, RFC 3435 §2.3.3). Many take the word and wait in lock-step all the same, so
/// each is believed only once it has reported a digit that it was not asked for anew.
/// </summary>
internal sealed class LoopTrust
{
    /// <summary>Digits that may stay without a successor before a gateway is no longer asked: slow fingers look like lock-step.</summary>
    private const int Patience = 20;

    private readonly Dictionary<string, int> _doubts = new(StringComparer.Ordinal);

    /// <summary>Whether it is worth asking.</summary>
    public bool MayAsk(string gateway) => _doubts.GetValueOrDefault(gateway) < Patience;

    /// <summary>Whether the gateway needs no new request after a digit.</summary>
    public bool IsProven(string gateway) => _doubts.GetValueOrDefault(gateway) < 0;

    /// <summary>A digit came without a new request.</summary>
    public void Prove(string gateway) => _doubts[gateway] = -1;

    /// <summary>
    /// No digit came before a new request went out; <paramref name="strongly"/>: then one came at once, so it had been waiting in the quarantine.
    /// </summary>
    public void Doubt(string gateway, bool strongly)
    {
        if (!IsProven(gateway)) _doubts[gateway] = _doubts.GetValueOrDefault(gateway) + (strongly ? Patience / 2 : 1);
    }

    /// <summary>The gateway restarted, perhaps as another one.</summary>
    public void Forget(string gateway) => _doubts.Remove(gateway);
}
