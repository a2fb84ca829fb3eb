using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Storage;

namespace MgcpSipBridge.Host.Api;

/// <summary>What the bridge keeps: how it does, its copy, its key.</summary>
internal sealed partial class StorageResource(IProvisioningStore store, StoreHealth health, AuditTrail trail, ILoggerFactory logs) : V1.StorageService.StorageServiceBase, IDisposable
{
    private const int PieceBytes = 256 << 10;
    // Copies are large: one at a time, of all who ask.
    private readonly SemaphoreSlim _one = new(1, 1);

    public override Task<V1.Storage> GetStorage(V1.GetStorageRequest request, ServerCallContext context)
    {
        var trouble = health.Trouble;
        return Task.FromResult(new V1.Storage { Name = store.Name, Up = trouble is null, Problem = trouble ?? "" });
    }

    public override async Task BackupStorage(V1.BackupStorageRequest request, IServerStreamWriter<V1.BackupStorageResponse> stream, ServerCallContext context)
    {
        if (!await _one.WaitAsync(TimeSpan.Zero)) throw ApiErrors.NotNow("BACKUP_RUNS", "somebody else is making a copy");
        try
        {
            await CopyAsync(stream, context);
        }
        finally
        {
            // Also when the disk is full: the next who asks is not told that somebody else is at it.
            _one.Release();
        }
    }

    public override async Task<V1.RekeyStorageResponse> RekeyStorage(V1.RekeyStorageRequest request, ServerCallContext context)
    {
        var (passwords, remark) = await Task.Run(() => Do(store.Rekey));
        await trail.DidAsync(context, "rekey", "storage");
        var (log, who) = (logs.CreateLogger("MgcpSipBridge.Host"), context.Who());
        Log.Rekeyed(log, passwords, who);
        return new V1.RekeyStorageResponse { Passwords = passwords, Remark = remark };
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private async Task CopyAsync(IServerStreamWriter<V1.BackupStorageResponse> stream, ServerCallContext context)
    {
        // A name of our own in a folder of our own: nothing that a client says is part of it.
        var folder = Directory.CreateTempSubdirectory("mgcp-sip-bridge-backup").FullName;
        try
        {
            var file = Path.Combine(folder, "bridge.db");
            await Task.Run(() => Do(() =>
            {
                store.Backup(file);
                return true;
            }));
            await trail.DidAsync(context, "backup", "storage");
            await SendAsync(file, stream, context.CancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task SendAsync(string file, IServerStreamWriter<V1.BackupStorageResponse> stream, CancellationToken cancel)
    {
        await using var copy = File.OpenRead(file);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[PieceBytes];
        var sent = 0L;
        while (sent < copy.Length)
        {
            var count = await copy.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel);
            hash.AppendData(buffer, 0, count);
            sent += count;
            await stream.WriteAsync(new V1.BackupStorageResponse
            {
                Data = ByteString.CopyFrom(buffer, 0, count),
                TotalBytes = copy.Length,
                Sha256 = sent == copy.Length ? Convert.ToHexStringLower(hash.GetHashAndReset()) : "",
            }, cancel);
        }
    }

    private T Do<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (StoreRefusal e)
        {
            throw ApiErrors.NotNow(e.Reason, e.Message);
        }
        catch (StoreException e)
        {
            health.Failed("read", e.Message);
            throw ApiErrors.StoreUnreadable(e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 6062, EventName = "StorageRekeyed", Level = LogLevel.Information, Message = "{Passwords} stored passwords are encrypted with a new key, asked by {Client}")]
        internal static partial void Rekeyed(ILogger logger, int passwords, string client);
    }
}
