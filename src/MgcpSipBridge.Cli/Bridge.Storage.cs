using System.Globalization;
using System.Security.Cryptography;
using Grpc.Core;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <content>What the bridge keeps.</content>
internal sealed partial class Bridge
{
    private StorageService.StorageServiceClient Storage => new(invoker);

    /// <summary>Copies the storage into a file of ours, which is there whole or not at all.</summary>
    public async Task BackupAsync(string file, bool overwrite)
    {
        if (File.Exists(file) && !overwrite) throw new UsageException($"{file} is there already; --force writes over it");
        var next = file + ".part";
        try
        {
            long bytes;
            await using (var copy = CreateForOwner(next)) bytes = await ReceiveAsync(copy);
            File.Move(next, file, overwrite: true);
            Done(string.Create(CultureInfo.InvariantCulture, $"{file}: {bytes} bytes. The key of its passwords is not in it: keep that elsewhere"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file} cannot be written: {e.Message}");
        }
        finally
        {
            if (File.Exists(next)) File.Delete(next);
        }
    }

    /// <summary>Encrypts stored passwords with a new key.</summary>
    public async Task RekeyAsync()
    {
        var done = await Storage.RekeyStorageAsync(new RekeyStorageRequest(), cancellationToken: cancel);
        if (writer.IsData) writer.One(done);
        else writer.Text($"{(done.Passwords == 1 ? "1 password is" : Text(done.Passwords) + " passwords are")} encrypted with a new key{(done.Remark.Length > 0 ? "; " + done.Remark : "")}\n");
    }

    // What we write has numbers and names of people: for its owner alone.
    private static FileStream CreateForOwner(string file)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(file, options);
    }

    private async Task<long> ReceiveAsync(FileStream copy)
    {
        using var call = Storage.BackupStorage(new BackupStorageRequest(), cancellationToken: cancel);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var told = "";
        await foreach (var piece in call.ResponseStream.ReadAllAsync(cancel))
        {
            hash.AppendData(piece.Data.Span);
            await copy.WriteAsync(piece.Data.Memory, cancel);
            told = piece.Sha256;
        }

        if (told != Convert.ToHexStringLower(hash.GetHashAndReset())) throw new UsageException("the copy did not come whole; nothing is kept of it", ExitCodes.Failed);
        copy.Flush(flushToDisk: true);
        return copy.Length;
    }
}
