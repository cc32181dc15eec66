import '../../local-stack/checkNode.js';

export default async () => {
  process.env.AWS_EMF_ENVIRONMENT = 'Local';
};
