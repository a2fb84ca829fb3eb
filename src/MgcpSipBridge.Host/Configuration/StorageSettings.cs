using Npgsql;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>Checks what is written about the storage.</summary>
internal static class StorageSettings
{
    /// <summary>Tells what is wrong with its setting; never what a connection string says, for it may hold a password.</summary>
    public static void Validate(StorageSection storage, Action<string, string> wrong)
    {
        if (storage.Path.Length == 0) wrong("Storage:Path", "names no file");
        if (storage.Provider != StorageProvider.PostgreSql)
        {
            if (storage.ConnectionString is not null) wrong("Storage:ConnectionString", "is for Storage:Provider PostgreSql alone");
            return;
        }

        if (string.IsNullOrWhiteSpace(storage.ConnectionString))
        {
            wrong("Storage:ConnectionString", "is missing: Storage:Provider PostgreSql needs it");
            return;
        }

        try
        {
            if (string.IsNullOrEmpty(new NpgsqlConnectionStringBuilder(storage.ConnectionString).Host)) wrong("Storage:ConnectionString", "has no Host");
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException)
        {
            wrong("Storage:ConnectionString", "is not understood; it is written as Host=db.example.net;Database=bridge;Username=bridge");
        }
    }
}
