using MgcpSipBridge.Host.Audit;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Storage;

namespace MgcpSipBridge.Host.Verbs;

/// <summary><c>storage …</c>: what is done to the storage while no bridge has it. Each returns the exit code.</summary>
internal sealed class StorageVerb(TextWriter output, TextWriter errors)
{
    private const UnixFileMode Ours = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Copies it.</summary>
    public int Backup(LoadedConfig loaded, string file, bool overwrite) => Try(loaded, model =>
    {
        if (File.Exists(file) && !overwrite) return Refuse($"{file} is there already; --overwrite writes over it");
        var next = file + ".new";
        Make(next);
        using (var store = Stores.Of(model.Config)) store.Backup(next);
        File.Move(next, file, overwrite: true);
        return Say($"{model.Config.Storage.Path} is copied to {file}; its key is not in it");
    });

    /// <summary>Checks a copy and puts it in place; what was there stays beside it.</summary>
    public int Restore(LoadedConfig loaded, string file, bool overwrite) => Try(loaded, model =>
    {
        var (config, path) = (model.Config, model.Config.Storage.Path);
        if (config.Storage.Provider != StorageProvider.Sqlite) return Refuse("only an SQLite file is restored this way: a PostgreSQL database by pg_restore");
        if (!File.Exists(file)) return Refuse($"{file} is not there");
        if (File.Exists(path) && !overwrite) return Refuse($"{path} is there already; --overwrite puts the copy in its place and keeps it as {path}.before-restore");
        using var target = new SqliteDatabase(path);
        target.Hold();
        var next = path + ".restoring";
        Make(next);
        File.Copy(file, next, overwrite: true);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(next, Ours);
        try
        {
            return Replace(loaded, model, file, next);
        }
        finally
        {
            foreach (var part in (string[])["", "-wal", "-shm"]) File.Delete(next + part);
        }
    });

    private int Replace(LoadedConfig loaded, BridgeModel model, string file, string next)
    {
        var (config, path) = (model.Config, model.Config.Storage.Path);
        int count;
        using (var candidate = new SqliteDatabase(next))
        {
            if (!candidate.IsOurs()) throw new StoreException($"{file} is no storage of a bridge");
            var resources = SqlStore.Read(candidate, Stores.SecretsOf(config.Storage));
            count = resources.Count;
            var problems = new ConfigProblems();
            if (Provisioner.Start(loaded.Declared, resources, file, model.Validate, problems).Model is null)
            {
                foreach (var problem in problems.Items) errors.WriteLine(problem);
                return Refuse($"{file} does not go together with lines.yaml: a bridge would not start with it");
            }

            using var audit = new SqlAudit(candidate, config.Audit.Keep);
            audit.Append(new AuditEntry(0, DateTime.UtcNow, Environment.UserName, "", "storage restore", config.Bridge.Node, [new AuditChange("storage", "restore", null, null)]));
        }

        // The log of the old file goes first: with the new one it would be somebody else's.
        foreach (var part in (string[])["-wal", "-shm", ""])
            if (File.Exists(path + part)) File.Move(path + part, path + ".before-restore" + part, overwrite: true);
        File.Move(next, path);
        return Say($"{path} has the {count} resources of {file} now");
    }

    /// <summary>Encrypts passwords anew.</summary>
    public int Rekey(LoadedConfig loaded) => Try(loaded, model =>
    {
        using var store = Stores.Of(model.Config);
        // Also shows that each can be decrypted.
        store.Load();
        if (store.Away is { } away) throw new StoreException(away);
        var (passwords, remark) = store.Rekey();
        return Say($"{(passwords == 1 ? "1 password is" : passwords + " passwords are")} encrypted with a new key{(remark.Length > 0 ? "; " + remark : "")}");
    });

    /// <summary>Lets go of the passwords that no key at hand opens, so that a bridge starts again with all else.</summary>
    public int ForgetPasswords(LoadedConfig loaded) => Try(loaded, model =>
    {
        using var store = Stores.Of(model.Config);
        if (store is not SqlStore kept) return Refuse("nothing is kept: Storage:Provider is None");
        var lost = kept.Lost();
        if (lost.Count == 0) return Say("every password can be decrypted: nothing is let go of");
        var before = model.Config.Storage.Provider == StorageProvider.Sqlite ? model.Config.Storage.Path + ".before-forgetting" : null;
        if (before is not null)
        {
            Make(before);
            kept.Backup(before);
        }

        kept.Forget(lost, new AuditEntry(
            0, DateTime.UtcNow, Environment.UserName, "", "storage forget-passwords", model.Config.Bridge.Node, [.. lost.Select(key => new AuditChange(key.Path, "forget password", null, null))]));
        // Shows that all of it can be read now, and keeps a copy of it where there is one.
        kept.Load();
        if (kept.Away is { } away) throw new StoreException(away);
        output.WriteLine("to be set anew, by mgcpsipctl or the console:");
        foreach (var key in lost) output.WriteLine($"  {key}");
        return Say($"{(lost.Count == 1 ? "1 password is" : lost.Count + " passwords are")} let go of, and all else stays{(before is null ? "" : $"; {before} is the storage as it was, in case the key is found")}");
    });

    // For its owner alone from its first byte on.
    private static void Make(string file)
    {
        File.Delete(file);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = Ours;
        new FileStream(file, options).Dispose();
    }

    private int Try(LoadedConfig loaded, Func<BridgeModel, int> act)
    {
        if (loaded.Bridge is not { } model || loaded.Lines is null)
        {
            foreach (var problem in loaded.Problems) errors.WriteLine(problem);
            return ExitCodes.Configuration;
        }

        try
        {
            return act(model);
        }
        catch (Exception e) when (e is StoreException or StoreRefusal or IOException or UnauthorizedAccessException)
        {
            return Refuse(e.Message);
        }
    }

    private int Refuse(string why)
    {
        errors.WriteLine(why);
        return ExitCodes.Failure;
    }

    private int Say(string what)
    {
        output.WriteLine(what);
        return ExitCodes.Success;
    }
}
