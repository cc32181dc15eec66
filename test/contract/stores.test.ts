import { testStores } from './storeSuite.ts';
import { ownImplementations } from './stores.ts';

testStores(ownImplementations());
