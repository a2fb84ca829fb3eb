using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MgcpSipBridge.Cli;

/// <summary>The verbs about contexts; none of them asks a bridge.</summary>
internal static class ContextCommands
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary><c>contexts</c> with its verbs.</summary>
    public static Command Build(TextWriter output, Option<OutputFormat> format)
    {
        var name = new Argument<string>("name") { Description = "The context's name" };
        var fields = new Argument<string[]>("field=value") { Description = "server=https://…, token=@FILE, ca=FILE, cert=FILE, key=FILE", Arity = ArgumentArity.OneOrMore };
        var list = new Command("contexts", "Bridges by name, with how they are reached; * is the one that is used when none is named");
        list.SetAction(parse =>
        {
            var contexts = Contexts.Load();
            var writer = new AnswerWriter(output, parse.GetValue(format));
            if (writer.IsData)
            {
                writer.Data(new JsonObject
                {
                    ["current"] = contexts.Current,
                    ["contexts"] = new JsonArray([.. contexts.Names.Select(n => new JsonObject { ["name"] = n, ["server"] = contexts.Find(n).Server ?? "" })]),
                }.ToJsonString(Indented));
                return;
            }

            if (writer.Format == OutputFormat.Name)
            {
                foreach (var known in contexts.Names) output.WriteLine(known);
                return;
            }

            if (!contexts.Names.Any()) output.WriteLine("none yet; make one with: mgcpsipctl contexts set NAME server=https://bridge.example.net:8081 token=@FILE");
            foreach (var known in contexts.Names) output.WriteLine($"{(known == contexts.Current ? "*" : " ")} {known}  {contexts.Find(known).Server ?? "-"}");
        });
        Command Verb(string verb, string about, Action<Contexts, ParseResult> act, params Argument[] arguments)
        {
            var command = new Command(verb, about);
            foreach (var argument in arguments) command.Arguments.Add(argument);
            command.SetAction(parse => act(Contexts.Load(), parse));
            return command;
        }

        list.Subcommands.Add(Verb("set", "Make or change one; field= takes a field away", (contexts, parse) => contexts.Set(parse.GetRequiredValue(name), parse.GetValue(fields) ?? []), name, fields));
        list.Subcommands.Add(Verb("use", "Use one when none is named", (contexts, parse) => contexts.Use(parse.GetRequiredValue(name)), name));
        list.Subcommands.Add(Verb("delete", "Take one away", (contexts, parse) => contexts.Delete(parse.GetRequiredValue(name)), name));
        return list;
    }
}
