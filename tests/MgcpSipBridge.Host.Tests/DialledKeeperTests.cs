using System.Text;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Events;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.Host.Storage;
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
        using var store = new BrokenStore();
        using var happenings = new Happenings(new EventsSection(), new BridgeState("node", "0", new MonotonicClock()), registry);
        await using var health = new StoreHealth(store, new ProvisioningMetrics(Metrics.WithCustomRegistry(registry)), happenings.Alarms, NullLogger.Instance);
        var keeper = new DialledKeeper(store, health, NullLogger.Instance);
        keeper.Apply(new EngineNote.LineDialled("1001", DialledFeatures.None));
        await keeper.DisposeAsync();
        using var text = new MemoryStream();
        await registry.CollectAndExportAsTextAsync(text, Patience.Token);
        // It is tried more than once.
        Assert.Matches("mgcpsipbridge_store_errors_total{op=\"write\"} [1-9]", Encoding.UTF8.GetString(text.ToArray()));
        Assert.Equal("STORE_UNAVAILABLE", Assert.Single(happenings.Alarms.All).Name);
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

        public void Check(bool write)
        {
        }

        public void Backup(string file)
        {
        }

        public (int Passwords, string Remark) Rekey() => default;

        IReadOnlyDictionary<string, string> IDialledStore.Load() => _none.Dialled.Load();

        void IDialledStore.Write(string line, string? dialled) => throw new StoreException("disk full");

        public void Dispose() => _none.Dispose();
    }
}
