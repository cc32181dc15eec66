export function judgeNode(version: string, platform: string): string | null;
