using MgcpSipBridge.Host.Storage;

namespace MgcpSipBridge.Host.Api;

/// <summary>What requests do one after the other, and wait for without keeping a thread.</summary>
internal sealed class ApiTurns
{
    /// <summary>Reading from the storage.</summary>
    public StoreTurns Reads { get; } = new();

    /// <summary>Whole files: a text in parts takes many times its size.</summary>
    public StoreTurns Texts { get; } = new();
}
