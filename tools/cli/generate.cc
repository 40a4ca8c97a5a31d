#include "tools/cli/generate.h"

#include <CLI/CLI.hpp>
#include <map>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "runtime/base/nearest.h"
#include "tools/cli/output.h"

namespace sardonyx {
namespace {

using Apps = std::vector<const CLI::App*>;

Apps CommandsOf(const CLI::App& app) { return app.get_subcommands(nullptr); }

std::vector<std::string> Names(const Apps& commands) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands) names.push_back(command->get_name());
  return names;
}

/// The options of a command and of those inside it, without the positional ones.
std::vector<const CLI::Option*> OptionsOf(const CLI::App& command) {
  std::vector<const CLI::Option*> options;
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) options.push_back(option);
  }
  for (const CLI::App* inner : CommandsOf(command)) {
    for (const CLI::Option* option : OptionsOf(*inner)) options.push_back(option);
  }
  return options;
}

bool TakesArgument(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

/// "-o --output", as they are typed.
std::string Flags(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : OptionsOf(command)) {
    for (const std::string& name : option->get_snames()) flags.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  return absl::StrJoin(flags, " ");
}

/// The words of which an option takes one, "auto native" where its type reads "auto|native"; "".
std::string Choices(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto is_upper = [](char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)); };
  if (!absl::StrContains(type, '|') || absl::c_any_of(type, is_upper)) return "";
  return absl::StrReplaceAll(type, {{"|", " "}});
}

/// Within single quotes of a shell.
std::string Quoted(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

std::string Bash(const CLI::App& app) {
  std::string cases =
      absl::StrCat("    1,*) words=", Quoted(absl::StrJoin(Names(CommandsOf(app)), " ")), " ;;\n");
  std::map<std::string, std::string> choices;  // by option
  for (const CLI::App* command : CommandsOf(app)) {
    const std::string& name = command->get_name();
    const std::string inner = absl::StrJoin(Names(CommandsOf(*command)), " ");
    if (!inner.empty()) {
      absl::StrAppend(&cases, "    2,", name, ") words=", Quoted(inner), " ;;\n");
    }
    for (const CLI::Option* option : OptionsOf(*command)) {
      if (!Choices(*option).empty()) choices[option->get_name()] = Choices(*option);
    }
    absl::StrAppend(&cases, "    *,", name, ") options=", Quoted(Flags(*command)), " ;;\n");
  }
  std::string values;
  for (const auto& [option, words] : choices) {
    absl::StrAppend(&values, "    ", option, ") words=", Quoted(words), " ;;\n");
  }
  return absl::StrCat(
      "# bash completion of sardonyx: source <(sardonyx generate bash)\n"
      "_sardonyx() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} words='' options='--help --version'\n"
      "  case $COMP_CWORD,${COMP_WORDS[1]} in\n",
      cases,
      "  esac\n"
      "  case ${COMP_WORDS[COMP_CWORD - 1]} in\n",
      values,
      "  esac\n"
      "  if [[ $word == -* ]]; then\n"
      "    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
      "  elif [[ -n $words ]]; then\n"
      "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
      "  else\n"
      "    mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
      "  fi\n"
      "}\n"
      "complete -o filenames -F _sardonyx sardonyx\n");
}

/// Text within the brackets and colons of zsh's specifications.
std::string ZshText(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"[", "\\["}, {"]", "\\]"}, {":", "\\:"}});
}

/// How _arguments is told of an option; `glue` may stand between it and its argument.
std::string ZshOption(const CLI::Option& option, const std::string& spelled, const char* glue) {
  const std::string specification = absl::StrCat("*", spelled, TakesArgument(option) ? glue : "",
                                                 "[", ZshText(option.get_description()), "]");
  if (!TakesArgument(option)) return Quoted(specification);
  const std::string choices = Choices(option);
  return Quoted(absl::StrCat(specification, ":", ZshText(option.get_type_name()), ":",
                             choices.empty() ? "_files" : absl::StrCat("(", choices, ")")));
}

/// One call of _arguments, which completes a command's options, then its inner commands or files.
std::string ZshArguments(const CLI::App& command) {
  std::vector<std::string> words = {"_arguments"};
  for (const CLI::Option* option : OptionsOf(command)) {
    for (const auto& name : option->get_snames())
      words.push_back(ZshOption(*option, "-" + name, "+"));
    for (const auto& name : option->get_lnames())
      words.push_back(ZshOption(*option, "--" + name, "="));
  }
  const std::string inner = absl::StrJoin(Names(CommandsOf(command)), " ");
  if (!inner.empty()) words.push_back(Quoted(absl::StrCat("1:command:(", inner, ")")));
  words.push_back("'*:file:_files'");
  return absl::StrJoin(words, " \\\n      ");
}

std::string Zsh(const CLI::App& app) {
  std::string names, cases;
  for (const CLI::App* command : CommandsOf(app)) {
    const std::string& name = command->get_name();
    absl::StrAppend(&names, "    ",
                    Quoted(absl::StrCat(name, ":", ZshText(command->get_description()))), "\n");
    absl::StrAppend(&cases, "    ", name, ") ", ZshArguments(*command), " ;;\n");
  }
  return absl::StrCat(
      "#compdef sardonyx\n"
      "# zsh completion of sardonyx: source <(sardonyx generate zsh), or a file _sardonyx in "
      "fpath\n"
      "_sardonyx() {\n"
      "  local -a commands\n"
      "  commands=(\n",
      names,
      "  )\n"
      "  if ((CURRENT == 2)); then\n"
      "    _describe command commands\n"
      "    return\n"
      "  fi\n"
      "  local command=$words[2]\n"
      "  shift words\n"
      "  ((CURRENT--))\n"
      "  case $command in\n",
      cases,
      "  esac\n"
      "}\n"
      "if [[ $funcstack[1] == _sardonyx ]]; then _sardonyx \"$@\"; else compdef _sardonyx "
      "sardonyx; fi\n");
}

std::string Fish(const CLI::App& app) {
  std::string text = "# fish completion of sardonyx: sardonyx generate fish | source\n";
  const Apps commands = CommandsOf(app);
  const std::string none =
      absl::StrCat("not __fish_seen_subcommand_from ", absl::StrJoin(Names(commands), " "));
  const auto add_command = [&](const std::string& when, const CLI::App& command) {
    absl::StrAppend(&text, "complete -c sardonyx -f -n ", Quoted(when), " -a ", command.get_name(),
                    " -d ", Quoted(command.get_description()), "\n");
  };
  for (const CLI::App* command : commands) {
    const std::string seen = absl::StrCat("__fish_seen_subcommand_from ", command->get_name());
    add_command(none, *command);
    for (const CLI::App* inner : CommandsOf(*command)) add_command(seen, *inner);
    for (const CLI::Option* option : OptionsOf(*command)) {
      absl::StrAppend(&text, "complete -c sardonyx -n ", Quoted(seen));
      for (const std::string& name : option->get_snames()) absl::StrAppend(&text, " -s ", name);
      for (const std::string& name : option->get_lnames()) absl::StrAppend(&text, " -l ", name);
      const std::string choices = Choices(*option);
      absl::StrAppend(&text, TakesArgument(*option) ? " -r" : "",
                      choices.empty() ? "" : absl::StrCat(" -f -a ", Quoted(choices)), " -d ",
                      Quoted(option->get_description()), "\n");
    }
  }
  return text;
}

/// Text that roff takes as it stands.
std::string Roff(const std::string& text) {
  std::vector<std::string> lines;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const bool is_request = !line.empty() && (line[0] == '.' || line[0] == '\'');
    lines.push_back(absl::StrCat(is_request ? "\\&" : "",
                                 absl::StrReplaceAll(line, {{"\\", "\\e"}, {"-", "\\-"}})));
  }
  return absl::StrJoin(lines, "\n");
}

/// A command, or those inside it; `path` is what stands before its name.
std::string ManSection(const CLI::App& command, const std::string& path) {
  const std::string name = path + command.get_name();
  const Apps inner = CommandsOf(command);
  std::string text;
  for (const CLI::App* part : inner) text += ManSection(*part, name + " ");
  if (!inner.empty()) return text;
  absl::StrAppend(&text, ".SS ", Roff(name), "\n", Roff(command.get_description()), "\n");
  for (const CLI::Option* option : command.get_options()) {
    absl::StrAppend(&text, ".TP\n\\fB", Roff(option->get_name(false, true)), "\\fR ",
                    Roff(option->get_type_name()), "\n", Roff(option->get_description()), "\n");
  }
  return absl::StrCat(text, ".PP\n.nf\n", Roff(command.get_footer()), "\n.fi\n");
}

std::string Man(const CLI::App& app) {
  std::string text = absl::StrCat(".TH SARDONYX 1 \"\" \"\" \"User Commands\"\n.SH NAME\n",
                                  "sardonyx \\- ", Roff(app.get_description()),
                                  "\n.SH SYNOPSIS\n\\fBsardonyx\\fR COMMAND [OPTIONS]\n"
                                  ".SH COMMANDS\n");
  for (const CLI::App* command : CommandsOf(app)) text += ManSection(*command, "");
  return absl::StrCat(text, ".SH NOTES\n", Roff(app.get_footer()), "\n");
}

const std::map<std::string, std::string (*)(const CLI::App&)>& Writers() {
  static const auto* const all = new std::map<std::string, std::string (*)(const CLI::App&)>{
      {"bash", Bash}, {"fish", Fish}, {"man", Man}, {"zsh", Zsh}};
  return *all;
}

}  // namespace

std::vector<std::string> GeneratedFormats() {
  std::vector<std::string> names;
  for (const auto& [name, writer] : Writers()) names.push_back(name);
  return names;
}

StatusOr<std::string> Generate(const CLI::App& app, const std::string& format) {
  const auto writer = Writers().find(format);
  if (writer != Writers().end()) return writer->second(app);
  return UsageError(absl::StrCat("there is no format '", format, "'; it is one of ",
                                 absl::StrJoin(GeneratedFormats(), ", "),
                                 DidYouMean(format, GeneratedFormats())));
}

}  // namespace sardonyx
