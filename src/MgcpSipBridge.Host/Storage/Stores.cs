using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Storage;

/// <summary>Opens the storage that the settings name.</summary>
internal static class Stores
{
    /// <summary>The storage; nothing is read or made yet.</summary>
    public static IProvisioningStore Of(BridgeConfig config)
    {
        if (config.Storage.Provider == StorageProvider.None) return new NoStore();
        var secrets = SecretsOf(config.Storage);
        // A file is on this machine already.
        var copy = config.Storage.Provider == StorageProvider.PostgreSql ? new StoreCopy(config.Storage.Path + ".copy", secrets) : null;
        return new SqlStore(DatabaseOf(config.Storage), secrets, config.Audit.Keep, config.Cdr.Keep, copy);
    }

    /// <summary>What opens and seals its passwords.</summary>
    public static SecretBox SecretsOf(StorageSection storage) => new(KeyFileOf(storage), Environment.GetEnvironmentVariable(SecretBox.Variable));

    private static string KeyFileOf(StorageSection storage) => storage.KeyFile ?? storage.Path + ".key";

    /// <summary>Its database; there is one unless the provider is <see cref="StorageProvider.None"/>.</summary>
    public static SqlDatabase DatabaseOf(StorageSection storage) =>
        storage.Provider == StorageProvider.PostgreSql ? new PostgresDatabase(storage.ConnectionString!, storage.Timeout) : new SqliteDatabase(storage.Path, KeyFileOf(storage));
}
