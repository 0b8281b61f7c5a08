/** What the agents that clients know by name are told about their part. */
const ROLES: Readonly<Record<string, string>> = {
  researcher: "Collect the facts that matter for the request and say how sure you are of each.",
  analyst: "Break the problem down, weigh the options and give the reasoning that leads to a conclusion.",
  critic: "Look for mistakes, gaps and risks in the obvious answer and say how to avoid them.",
  planner: "Lay out the steps that lead from here to the goal, in order, each with its outcome.",
  coder: "Work out the code that is needed, correct and short, with the cases that break it.",
  writer: "Find the clearest wording and structure for the answer.",
};

/** The system message of one agent's draft. An unknown name works too: the agent takes its part from its name. */
export function describeAgent(name: string): string {
  const part = ROLES[name] ?? `Contribute what a ${name.replaceAll(/[-_]/g, " ")} would.`;
  return `You are the ${name} in a small team that answers one request together. ${part} Be brief: a colleague turns the team's notes into the answer.`;
}

/** The system message of the answer that is made of the drafts. */
export function describeEditor(drafts: readonly { agent: string; text: string }[]): string {
  const notes = drafts.map(({ agent, text }) => `## ${agent}\n${text}`).join("\n\n");
  return `Answer the user's request. Your team left these notes; use what is right in them and do not mention them.\n\n${notes}`;
}
