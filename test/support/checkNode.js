import '../../local-stack/checkNode.js';
