using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Storage;

/// <summary>Opens the storage that the settings name.</summary>
internal static class Stores
{
    /// <summary>The storage; nothing is read or made yet.</summary>
    public static IProvisioningStore Of(BridgeConfig config) => config.Storage.Provider == StorageProvider.None
        ? new NoStore()
        : new SqlStore(DatabaseOf(config.Storage), SecretsOf(config.Storage), config.Audit.Keep, config.Cdr.Keep);

    /// <summary>What opens and seals its passwords.</summary>
    public static SecretBox SecretsOf(StorageSection storage) => new(storage.KeyFile ?? storage.Path + ".key", Environment.GetEnvironmentVariable(SecretBox.Variable));

    /// <summary>Its database; there is one unless the provider is <see cref="StorageProvider.None"/>.</summary>
    public static SqlDatabase DatabaseOf(StorageSection storage) =>
        storage.Provider == StorageProvider.PostgreSql ? new PostgresDatabase(storage.ConnectionString!, storage.Timeout) : new SqliteDatabase(storage.Path);
}
