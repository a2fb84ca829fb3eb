namespace MgcpSipBridge.Mgcp;

/// <summary>
/// An endpoint of a provisioned gateway: the gateway's name in the configuration and the local endpoint name (the part before '@').
/// Local names compare without regard to case (RFC 3435 §2.1.2), so they are kept in lower case here; the layer that writes messages
/// keeps the spelling that was configured or last seen.
/// </summary>
public readonly record struct EndpointId
{
    /// <summary>An endpoint by its gateway's configured name and its local name in any case.</summary>
    public EndpointId(string gateway, string localName)
    {
        ArgumentNullException.ThrowIfNull(localName);
        Gateway = gateway;
        LocalName = localName.ToLowerInvariant();
    }

    /// <summary>The gateway's <c>name</c> in the configuration.</summary>
    public string Gateway { get; }

    /// <summary>The local endpoint name in lower case: <c>aaln/1</c>.</summary>
    public string LocalName { get; }

    /// <summary><c>aaln/1@gw1</c>: for people, not for the wire (there the gateway's domain follows the '@').</summary>
    public override string ToString() => $"{LocalName}@{Gateway}";
}
