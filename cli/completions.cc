// kolosal completions: shell completions made from the commands and flags themselves.

#include <map>

#include "cli/command.h"

namespace kolosal::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  for (const CLI::App* group : command.get_subcommands([](const CLI::App* app) { return app->get_name().empty(); }))
    for (const std::string& flag : flags_of(*group)) flags.push_back(flag);
  return flags;
}

std::map<std::string, std::vector<std::string>> flags_by_command(const CLI::App& program) {
  std::map<std::string, std::vector<std::string>> all;
  for (const CLI::App* command : program.get_subcommands([](const CLI::App* app) { return !app->get_name().empty(); }))
    all[command->get_name()] = flags_of(*command);
  return all;
}

std::string bash_completions(const std::map<std::string, std::vector<std::string>>& commands) {
  std::string names, cases;
  for (const auto& [name, flags] : commands) {
    names += (names.empty() ? "" : " ") + name;
    cases += "    " + name + ") flags=\"" + joined(flags) + "\" ;;\n";
  }
  return "_kolosal() {\n  local word=\"${COMP_WORDS[COMP_CWORD]}\" flags=\"\"\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then COMPREPLY=($(compgen -W \"" +
         names +
         "\" -- \"$word\")); return; fi\n"
         "  case \"${COMP_WORDS[1]}\" in\n" +
         cases +
         "  esac\n"
         "  case \"$word\" in\n    -*) COMPREPLY=($(compgen -W \"$flags\" -- \"$word\")) ;;\n"
         "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n  esac\n}\ncomplete -o filenames -F _kolosal kolosal";
}

std::string fish_completions(const std::map<std::string, std::vector<std::string>>& commands) {
  std::string text;
  for (const auto& [name, flags] : commands) {
    text += "complete -c kolosal -n __fish_use_subcommand -a " + name + "\n";
    for (const std::string& flag : flags)
      text += "complete -c kolosal -n '__fish_seen_subcommand_from " + name + "' -l " + flag.substr(2) + "\n";
  }
  text.pop_back();
  return text;
}

}  // namespace

void add_completions(CLI::App& program, Session&, int& exit_code) {
  CLI::App* command = program.add_subcommand("completions", "Write completions for a shell to standard output");
  auto shell = std::make_shared<std::string>();
  command->add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer("Example: kolosal completions bash > /etc/bash_completion.d/kolosal");
  command->callback([&program, &exit_code, shell] {
    const auto commands = flags_by_command(program);
    const std::string zsh_prelude = "autoload -U +X bashcompinit && bashcompinit\n";
    write_output(*shell == "fish" ? fish_completions(commands)
                                  : (*shell == "zsh" ? zsh_prelude : std::string()) + bash_completions(commands));
    exit_code = kSuccess;
  });
}

}  // namespace kolosal::cli
