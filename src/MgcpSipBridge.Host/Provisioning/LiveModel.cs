using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api;
using MgcpSipBridge.Host.Observability;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>The provisioning in force and the way to change it while the bridge runs: one change at a time, taken whole by the engine.</summary>
internal sealed class LiveModel(BridgeState state, BridgeMetrics metrics, Func<EngineModel, Task> configure, Action<EngineModel>? inForce = null) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>Puts the first model, or another one, in force.</summary>
    public Task SetAsync(EngineModel model) => ChangeAsync(_ => model);

    /// <summary>Puts in force what <paramref name="change"/> makes of the present model; false when that is null: nothing to change.</summary>
    public async Task<bool> ChangeAsync(Func<EngineModel, EngineModel?> change)
    {
        await _one.WaitAsync();
        try
        {
            if (change(state.Model) is not { } changed) return false;
            var next = changed.After(state.Model);
            metrics.Provisioned(next);
            await configure(next);
            state.Model = next;
            inForce?.Invoke(next);
            return true;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();
}
