using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Engine;

/// <summary>
/// One shard: some gateways and all calls on their endpoints. Sans-IO: one <see cref="Handle"/>, then drain <see cref="TryTake"/>, then wake
/// it at <see cref="NextDeadline"/>. Not thread-safe: one mailbox, one reader.
/// </summary>
public sealed class BridgeEngine
{
    /// <summary>An engine without provisioning; give it <see cref="EngineInput.Configure"/>.</summary>
    public BridgeEngine(EngineSettings settings, Entropy entropy) => throw new NotImplementedException();

    /// <summary>When <see cref="EngineInput.DeadlineReached"/> is wanted; null for never.</summary>
    public Instant? NextDeadline => throw new NotImplementedException();

    /// <summary>Takes one input; deadlines due at <paramref name="now"/> fire first. <paramref name="utc"/> serves caller id's date alone.</summary>
    public void Handle(EngineInput input, Instant now, DateTime utc) => throw new NotImplementedException();

    /// <summary>Takes the next output.</summary>
    public bool TryTake(out EngineOutput output) => throw new NotImplementedException();
}
