using System.CommandLine;
using MgcpSipBridge.Host.Configuration;

namespace MgcpSipBridge.Host.Verbs;

/// <summary><c>storage</c> and its verbs, for a bridge that does not run.</summary>
internal static class StorageCommands
{
    /// <summary>The command; <paramref name="load"/> reads the configuration.</summary>
    public static Command Build(Func<ParseResult, LoadedConfig> load, Option<string?> config, Option<string?> lines, TextWriter output, TextWriter errors)
    {
        var file = new Argument<string>("file") { Description = "The copy" };
        var overwrite = new Option<bool>("--overwrite") { Description = "Put the copy in the place of what is there, which is kept beside it" };
        var force = new Option<bool>("--overwrite") { Description = "Write over a file that is there" };
        var verb = new StorageVerb(output, errors);
        var backup = new Command("backup", "Copy the SQLite file of Storage:Path (mgcpsipctl backup does it while the bridge runs)") { file, config, lines, force };
        backup.SetAction(parse => verb.Backup(load(parse), parse.GetRequiredValue(file), parse.GetValue(force)));
        var restore = new Command("restore", "Check a copy and put it in the place of Storage:Path; the bridge must not run") { file, config, lines, overwrite };
        restore.SetAction(parse => verb.Restore(load(parse), parse.GetRequiredValue(file), parse.GetValue(overwrite)));
        var rekey = new Command("rekey", "Encrypt stored passwords with a new key (mgcpsipctl rekey does it while the bridge runs); whoever is interrupted does it again") { config, lines };
        rekey.SetAction(parse => verb.Rekey(load(parse)));
        var forget = new Command("forget-passwords", "Let go of the stored passwords that no key at hand opens, when the key is lost, and tell which have to be set anew; all else stays") { config, lines };
        forget.SetAction(parse => verb.ForgetPasswords(load(parse)));
        return new Command("storage", "Copy, bring back and re-encrypt what the API made, while the bridge does not run") { backup, restore, rekey, forget };
    }
}
