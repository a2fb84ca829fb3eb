using System.Text;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Host.Provisioning;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;

namespace MgcpSipBridge.Host.Tests;

/// <summary>What phones set by service codes is kept; where it cannot be, an operator is told.</summary>
public sealed class DialledKeeperTests
{
    [Fact]
    public async Task What_cannot_be_kept_is_counted_as_an_error_of_the_storage()
    {
        var registry = Metrics.NewCustomRegistry();
        var keeper = new DialledKeeper(new BrokenStore(), new ProvisioningMetrics(Metrics.WithCustomRegistry(registry)), NullLogger.Instance);
        keeper.Apply(new EngineNote.LineDialled("1001", DialledFeatures.None));
        await keeper.DisposeAsync();
        using var text = new MemoryStream();
        await registry.CollectAndExportAsTextAsync(text, TestContext.Current.CancellationToken);
        Assert.Contains("mgcpsipbridge_store_errors_total{op=\"write\"} 1\n", Encoding.UTF8.GetString(text.ToArray()), StringComparison.Ordinal);
    }

    private sealed class BrokenStore : IProvisioningStore, IDialledStore
    {
        private readonly NoStore _none = new();

        public string Name => "broken";

        public Audit.IAuditLog Audit => _none.Audit;

        public IDialledStore Dialled => this;

        public Records.ICallRecords Records => _none.Records;

        public IReadOnlyList<KeptResource> Load() => [];

        public void Write(IReadOnlyList<StoreChange> changes, Audit.AuditEntry? audit = null)
        {
        }

        IReadOnlyDictionary<string, string> IDialledStore.Load() => _none.Dialled.Load();

        void IDialledStore.Write(string line, string? dialled) => throw new StoreException("disk full");

        public void Dispose() => _none.Dispose();
    }
}
